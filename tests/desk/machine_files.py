"""What files do to the practice of the state machine, and how each step is held to the model."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from daysheet.desk.refusals import Refused
from tests.desk.machine_model import (
    Expected,
    Model,
    Said,
    check_growth,
    check_history,
    check_money,
    check_remitted,
)
from tests.desk.machine_practice import (
    SENT,
    VISITS,
    WORDS,
    Room,
    Row,
    State,
    claims_file,
    remittance_file,
    remittance_line,
    ties_file,
    visits_file,
)
from tests.ingest.loaded_reports import AS_OF

Note = Callable[[date], None]  # tells the model what a file exported that day says

picks = st.integers(0, 19)  # of what there is then, round and round
days_back = st.sampled_from([0, 0, 0, 1, 3])
told = st.lists(
    st.tuples(
        st.sampled_from(range(len(VISITS))),
        st.sampled_from(["owed", "owed", "owed", "raised", "part", "settled", "over", "forgiven",
                         "free"]),
    ),
    min_size=1, max_size=5, unique_by=lambda pair: pair[0],
)  # fmt: skip


class Files(RuleBasedStateMachine):
    """Whatever files say of a practice of seven visits and six claims."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room, self.desk = room, room.desk
        self.today, self.model = AS_OF, Model()
        self.files: list[tuple[str, Note]] = []

    @initialize(how=st.sampled_from(["owed", "part"]), is_sent=st.booleans())
    def begin(self, how, is_sent):
        self.room.empty()
        self.now = self.room.read()
        self.load_visits([(number, "owed") for number in range(4)] + [(5, how)], 3, True, False)
        if is_sent:
            self.load_claims([(number, "Submitted", 5) for number in range(3)], 1)
            self.load_ties([(number, True) for number in range(3)], 1)

    # Each step

    def attempt(self, work: Callable[[], Any], expected: Expected | None) -> Any:
        """Do it: what it writes is what is expected, or it is refused and nothing is written."""
        before = self.now
        try:
            answer = work()
        except Refused as refusal:
            answer = refusal
        self.now = self.room.read()
        if isinstance(answer, Refused):
            assert self.now.differs(before) == {}, f"{answer} left something behind"
            return answer
        if expected is not None:
            check_money(expected, before, self.now)
            check_history(expected.history, self.model, before, self.now)
        self.settle(before)
        return answer

    def settle(self, before: State) -> None:
        self.model.absorb(before, self.now)
        check_growth(before, self.now)

    def one(self, table: str, pick: int, likes: Callable[[Row], bool] = lambda _: True) -> Row:
        """One of the rows, mostly one that is liked, always the same one for a pick."""
        rows = list(self.now[table].values())
        if pick % 10:
            rows = [row for row in rows if likes(row)] or rows
        # by what is the same when it is done again: keys and references are not
        order = ("service_on", "created_at", "amount", "kind", "line")
        visit_of = self.model.number_of.get
        rows.sort(
            key=lambda row: [*(str(row.get(name)) for name in order),
                             str(visit_of(row.get("session_id")))]
        )  # fmt: skip
        return rows[pick % len(rows)]

    def session(self, pick: int, likes: Callable[[Row], bool] = lambda _: True) -> Row:
        return self.one("sessions", pick, likes)

    # Files

    def load(self, text: str, days_ago: int, note: Note) -> None:
        """Load a report; ``note`` tells the model of it."""
        before = self.now
        exported_on = self.today - timedelta(days=days_ago)
        note(exported_on)
        self.room.practice.load(f"report_{exported_on}.csv", text)
        self.now = self.room.read()
        numbers = {(visit.day, visit.client): at for at, visit in enumerate(VISITS)}
        names = dict(self.room.practice.all("select client_id, full_name from desk.clients"))
        for key, row in self.now["sessions"].items():
            at = numbers[row["service_on"], names[row["client_id"]]]
            assert self.model.number_of.setdefault(key, at) == at
        assert len(set(self.model.number_of.values())) == len(self.model.number_of)
        check_remitted(self.model, before, self.now)
        check_history(
            lambda row: row["source"] == "import" and row["file_id"] is not None,
            self.model, before, self.now,
        )  # fmt: skip
        self.settle(before)
        self.files.append((text, note))

    @rule(told=told, days_ago=days_back, is_locked=st.booleans(), has_fault=st.booleans())
    def load_visits(self, told, days_ago, is_locked, has_fault):
        def note(exported_on):
            for number, how in told:
                self.model.export(number, Said(exported_on, *VISITS[number].said(how)))

        text = visits_file(told, is_locked=is_locked, has_fault=has_fault)
        self.load(text, days_ago, note)

    @rule(
        told=st.lists(
            st.tuples(st.sampled_from(range(len(SENT))), st.sampled_from(WORDS),
                      st.sampled_from([None, 0, 5, 40, -2])),
            min_size=1, max_size=4, unique_by=lambda row: row[0],
        ),
        days_ago=days_back,
    )  # fmt: skip
    def load_claims(self, told, days_ago):
        sent = [
            (number, word, None if days is None else self.today - timedelta(days=days))
            for number, word, days in told
        ]
        self.load(claims_file(sent), days_ago, lambda _: None)

    @rule(
        told=st.lists(st.tuples(st.sampled_from(range(5)), st.booleans()), min_size=1,
                      max_size=4, unique_by=lambda row: row[0]),
        days_ago=days_back,
    )  # fmt: skip
    def load_ties(self, told, days_ago):
        ties = [
            (number, at)
            for number, is_whole in told
            for at in (SENT[number].visits if is_whole else SENT[number].visits[:1])
        ]
        self.load(ties_file(ties), days_ago, lambda _: None)

    @rule(
        told=st.lists(
            st.tuples(
                st.sampled_from(range(len(SENT))),
                st.sampled_from([
                    ("30.00", "Paid"), ("70.01", "Paid"), ("200.01", "Paid"), ("0.0", "Denied"),
                    ("0.0", "Deductible"), ("0.0", "Paid"), ("-30.00", "Paid"), ("-70.01", "Paid"),
                ]),
                st.sampled_from(["EFT-1", "EFT-2", "CHK 3", "--"]),
                st.sampled_from([1, 2]),
            ),
            min_size=1, max_size=4,
        )
    )  # fmt: skip
    def load_remittance(self, told):
        lines = [
            remittance_line(number, *what, reference, AS_OF - timedelta(days=days))
            for number, what, reference, days in told
        ]
        self.load(
            remittance_file(lines), 0, lambda _: self.model.delivered.update(map(tuple, lines))
        )

    @rule(pick=picks)
    def load_again(self, pick):
        text, note = self.files[pick % len(self.files)]
        self.load(text, 0, note)
