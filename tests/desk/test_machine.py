"""Files, people and days in any order: the books agree, to the cent, and nothing is rewritten."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from daysheet.desk import daily
from daysheet.desk.actors import Actor, system
from daysheet.desk.ledger.adjustments import adjust_payment
from daysheet.desk.lifecycle.changes import Details, allowed_next, change_many, change_status
from daysheet.desk.lifecycle.transitions import STATUSES
from daysheet.desk.money.payments import Allocation, allocate
from daysheet.desk.money.reconciliation import post_difference
from daysheet.desk.money.settlement import dispose, move, undo
from daysheet.desk.refusals import Refused
from daysheet.desk.work.assignment import assign, take
from daysheet.desk.work.finishing import finish
from daysheet.desk.work.snoozing import snooze
from tests.desk.machine_files import Files, picks
from tests.desk.machine_model import (
    NOTHING,
    Expected,
    check_history,
    check_money,
    check_payments,
    check_sessions,
    check_states,
    check_totals,
)
from tests.desk.machine_practice import Row, room_in
from tests.desk.money import enter, reverse
from tests.desk.stages import ACTORS
from tests.ingest.loaded_reports import AS_OF

DAG = system("dag", "tests")
# A long run: DAYSHEET_MACHINE_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("DAYSHEET_MACHINE_EXAMPLES", "25"))
STEPS = 30

people = st.sampled_from("LAALABBLAV")
amounts = st.sampled_from(["0.01", "30.00", "40.01", "70.01", "99.99", "130.00", "500.00"])
rests = st.sampled_from(["leave_open", "leave_open", "contractual", "to_client", "underpaid", None])
kinds = st.sampled_from(["contractual", "write_off", "to_client", "from_client"])
rarely = st.integers(0, 4).map(lambda number: number == 4)


class Machine(Files):
    """Whatever people and days do to it besides."""

    # Statuses

    def entered(self, row: Row, to: str, day: str, odd: int) -> Details:
        """What would be entered with a change; ``odd`` leaves something out or makes it wrong."""
        days = {
            "today": self.today, "service": row["service_on"], "none": None,
            "lately": self.today - timedelta(days=5), "ahead": self.today + timedelta(days=1),
        }  # fmt: skip
        levels = [
            appeal["level"]
            for appeal in self.now["appeals"].values()
            if self.now["denials"][appeal["denial_id"]]["session_id"] == row["session_id"]
            and self.now["denials"][appeal["denial_id"]]["resolved_on"] is None
        ]
        won = to == "approved"
        return Details(
            on=days[day],
            reason=None if odd == 1 else "because",
            category=None if odd == 2 else ("coding", "non_covered")[odd % 2],
            group_code=(None, "CO", "PR")[odd % 3],
            portal_id=self.room.portal if row["payer_id"] == self.room.payers[0] else None,
            level=max(levels, default=0) + (2 if odd == 3 else 1),
            method="fax",
            decision=(("overturned", "partial") if won else ("upheld", "withdrawn"))[odd % 2],
            payer_id=row["payer_id"] or self.room.payers[0],
            override=odd in (4, 5),
        )

    def effect(self, row: Row, to: str, expected: Expected) -> None:
        """The money a change of status moves."""
        key, status, model = row["session_id"], row["billing_status"], self.model
        owed = model.owed(key)
        if to == "client_responsibility" and row["in_ar"] and status != "ready_to_bill":
            expected.adjust(key, "to_client", owed)
        elif to == "written_off":
            model.taken_off(key, "write_off", owed, expected)
        elif (status, to) == ("client_responsibility", "documented"):
            expected.adjust(key, "from_client", model.transferred(key))
        elif status == "written_off":
            for undone in model.standing(key, "write_off"):
                expected.adjust(key, "write_off", -undone["amount"])

    @rule(
        pick=picks, who=people, wish=picks, is_free=rarely,
        day=st.sampled_from(["today", "today", "today", "lately", "service", "none", "ahead"]),
        odd=st.integers(0, 9), is_stale=rarely,
    )  # fmt: skip
    def change(self, pick, who, wish, is_free, day, odd, is_stale):
        row, actor = self.session(pick), ACTORS[who]
        key = row["session_id"]
        offered = allowed_next(self.desk, actor, key)
        choices = STATUSES if is_free or not offered else offered
        to = choices[wish % len(choices)]
        expected = Expected(history=lambda told: _is_step(told, row, to, actor))
        self.effect(row, to, expected)
        version = row["row_version"] - is_stale
        details = self.entered(row, to, day, odd)
        answer = self.attempt(
            lambda: change_status(self.desk, actor, key, to, details=details, row_version=version),
            expected,
        )
        if isinstance(answer, Refused):
            assert not is_stale or answer.status in (403, 409)
            return
        assert not is_stale
        assert to in offered
        assert self.now["sessions"][key]["billing_status"] == to
        assert list(self.now["session_status_history"])[-1] == answer

    @rule(who=people, wish=picks, odd=st.integers(0, 9), day=st.sampled_from(["today", "lately"]))
    def change_all(self, who, wish, odd, day):
        rows, actor, to = list(self.now["sessions"].values()), ACTORS[who], STATUSES[wish % 13]
        expected = Expected(history=lambda told: told["to_status"] == to)
        before = self.now
        wanted = [(row["session_id"], row["row_version"] - (odd == 9)) for row in rows]
        results = change_many(
            self.desk, actor, wanted, to, details=self.entered(rows[0], to, day, odd)
        )
        self.now = self.room.read()
        done = {result.session_id for result in results if result.refusal is None}
        for row in rows:
            if row["session_id"] in done:
                self.effect(row, to, expected)
            else:
                assert self.now["sessions"][row["session_id"]] == row, "refused means untouched"
        check_money(expected, before, self.now)
        check_history(expected.history, self.model, before, self.now)
        news = self.now.news("session_status_history", before)
        assert {row["session_id"] for row in news} == done
        assert len({row["batch_id"] for row in news}) <= 1
        self.settle(before)

    # Money

    def parts(
        self, chosen: Sequence[tuple[int, str]], rest: str | None, keep: bool, expected: Expected
    ) -> list[Allocation]:
        """Allocations to these sessions, and what has to be written of them."""
        found: dict[UUID, Allocation] = {}
        for pick, amount in chosen:
            row = self.session(pick)
            key, part = row["session_id"], Decimal(amount)
            found[key] = Allocation(key, part, "exact", row["row_version"], rest, keep)
        for key, each in found.items():
            expected.allocate(key, each.amount)
            paid = self.model.posted.get(key, NOTHING) + each.amount
            left = self.model.balance(key) + self.model.paid(key) - paid
            if rest in ("contractual", "to_client") and each.amount > 0 < left:
                self.model.taken_off(key, rest, left, expected)
        return list(found.values())

    def by_money(self, actor: Actor, *others: str) -> Callable[[Row], bool]:
        """The changes of status that money may make."""
        return lambda row: row["actor"] == actor.user_id and row["to_status"] in (
            "paid", "pending", *others,
        )  # fmt: skip

    @rule(
        payer=st.sampled_from([0, 0, 1, None]), who=people, extra=st.sampled_from([0, 0, 50]),
        chosen=st.lists(st.tuples(picks, amounts), max_size=3), rest=rests, keep=st.booleans(),
        like=st.sampled_from([None, None, "EFT-1"]),
    )  # fmt: skip
    def pay(self, payer, who, extra, chosen, rest, keep, like):
        actor = ACTORS[who]
        expected = Expected(history=self.by_money(actor))
        parts = self.parts(chosen, rest, keep, expected)
        total = sum((each.amount for each in parts), NOTHING) + extra
        expected.payments[total] += 1
        payer_id = None if payer is None else self.room.payers[payer]
        form = {
            "actor": actor,
            "idempotency_key": uuid4().hex,
            "reference": like or f"CHK {uuid4().hex}",
            "received_on": AS_OF - timedelta(days=1),
        }
        answer = self.attempt(
            lambda: enter(self.desk, payer_id, str(total), *parts, **form), expected
        )
        if not isinstance(answer, Refused):
            before = self.now
            assert enter(self.desk, payer_id, str(total), *parts, **form).is_repeat
            self.now = self.room.read()
            assert self.now.differs(before) == {}, "a second click did something"

    @rule(pick=picks, who=people, chosen=st.lists(st.tuples(picks, amounts), min_size=1,
          max_size=3), rest=rests, keep=st.booleans())  # fmt: skip
    def allocate(self, pick, who, chosen, rest, keep):
        if not self.now["payment_balances"]:
            return
        actor = ACTORS[who]
        balance = self.one("payment_balances", pick, lambda row: row["unapplied"] != 0)
        expected = Expected(history=self.by_money(actor))
        left = balance["unapplied"]
        if left:
            chosen = [
                (at, str(min(Decimal(amount), abs(left)).copy_sign(left))) for at, amount in chosen
            ]
        parts = self.parts(chosen, rest, keep, expected)
        self.attempt(lambda: allocate(self.desk, actor, balance["payment_id"], parts), expected)

    @rule(pick=picks, who=people, amount=st.none() | amounts)
    def reverse(self, pick, who, amount):
        if not self.now["payments"]:
            return
        payment = self.one(
            "payments", pick, lambda row: row["amount"] > 0 and not row["is_reversed"]
        )
        actor = ACTORS[who]
        balance = self.now["payment_balances"].get(payment["payment_id"])
        kept = balance["kept"] if balance else NOTHING
        back = kept if amount is None else Decimal(amount)
        expected = Expected(history=self.by_money(actor), payments=Counter([-back]))
        if back == kept:
            for session_id, left in self.live(payment["payment_id"]):
                expected.allocate(session_id, -left)
            for row in self.set_aside(payment["payment_id"]):
                expected.adjust(row["payment_id"], row["kind"], -row["amount"])
        elif balance and back > balance["unapplied"]:
            expected = None  # shared over its sessions
        before = self.now
        form = type("Form", (), {"payment_id": payment["payment_id"]})
        answer = self.attempt(
            lambda: reverse(self.desk, form, amount, actor, received_on=self.today), expected
        )
        if expected is None and not isinstance(answer, Refused):
            news = self.now.news("payment_allocations", before)
            assert sum(row["amount"] for row in news) == balance["unapplied"] - back
            assert {row["payment_id"] for row in news} == {answer.payment_id}
            assert all(row["amount"] < 0 for row in news)

    def live(self, payment_id: UUID) -> list[tuple[UUID, Decimal]]:
        """What is left of a payment's allocations: session, dollars."""
        rows = self.now["payment_allocations"].values()
        undone = Counter()
        for row in rows:
            undone[row["reverses_allocation_id"]] += row["amount"]
        live = [
            (row["session_id"], row["amount"] + undone[row["allocation_id"]])
            for row in rows
            if row["payment_id"] == payment_id and row["reverses_allocation_id"] is None
        ]
        return [each for each in live if each[1] != 0]

    def set_aside(self, payment_id: UUID) -> list[Row]:
        rows = [row for row in self.now["adjustments"].values() if row["payment_id"] == payment_id]
        undone = {row["reverses_adjustment_id"] for row in rows}
        return [
            row
            for row in rows
            if row["reverses_adjustment_id"] is None and row["adjustment_id"] not in undone
        ]

    @rule(pick=picks, who=people, amount=amounts, kind=kinds)
    def adjust(self, pick, who, amount, kind):
        row, actor = self.session(pick), ACTORS[who]
        key = row["session_id"]
        expected = Expected(history=self.by_money(actor, "written_off", "client_responsibility"))
        self.model.taken_off(key, kind, Decimal(amount), expected)
        form = {"reason": "why not", "row_version": row["row_version"]}
        self.attempt(lambda: move(self.desk, actor, key, kind, Decimal(amount), **form), expected)

    @rule(pick=picks, who=people, rest=rests)
    def decide(self, pick, who, rest):
        row = self.session(pick, _is_part_paid)
        actor = ACTORS[who]
        expected = Expected(history=self.by_money(actor))
        if rest in ("contractual", "to_client"):
            key = row["session_id"]
            self.model.taken_off(key, rest, self.model.owed(key), expected)
        self.attempt(lambda: dispose(self.desk, actor, row["session_id"], rest), expected)

    @rule(pick=picks, who=people)
    def undo(self, pick, who):
        if not self.now["adjustments"]:
            return
        row = self.one("adjustments", pick, lambda row: row["reverses_adjustment_id"] is None)
        actor = ACTORS[who]
        expected = Expected(history=self.by_money(actor))
        expected.adjust(row["session_id"] or row["payment_id"], row["kind"], -row["amount"])
        self.attempt(lambda: undo(self.desk, actor, row["adjustment_id"], "mistaken"), expected)

    @rule(pick=picks, who=people, amount=amounts, kind=st.sampled_from(["interest", "takeback"]))
    def put_aside(self, pick, who, amount, kind):
        if not self.now["payment_balances"]:
            return
        balance = self.one("payment_balances", pick, lambda row: row["unapplied"] != 0)
        key, left, actor = balance["payment_id"], balance["unapplied"], ACTORS[who]
        expected = Expected()
        expected.adjust(key, kind, Decimal(amount).copy_sign(left))
        self.attempt(
            lambda: adjust_payment(self.desk, actor, key, kind, Decimal(amount), reason="late"),
            expected,
        )

    @rule(pick=picks, who=people, rest=st.sampled_from(["leave_open", "contractual"]))
    def post_difference(self, pick, who, rest):
        row = self.session(pick, _differs)
        key, actor = row["session_id"], ACTORS[who]
        differs = self.model.said(key).paid - self.model.paid(key)
        expected = Expected(history=self.by_money(actor), payments=Counter([differs]))
        expected.allocate(key, differs)
        left = self.model.balance(key) - differs
        if rest == "contractual" and differs > 0 and left > 0:
            self.model.taken_off(key, rest, left, expected)
        self.attempt(
            lambda: post_difference(
                self.desk, actor, key, received_on=self.today, reason="so it says",
                idempotency_key=uuid4().hex, remainder=rest,
            ),
            expected,
        )  # fmt: skip

    # Work, and days

    @rule(pick=picks, who=people, days=st.sampled_from([1, 5, 30, 60]),
          how=st.sampled_from(["snooze", "finish", "take", "assign"]))  # fmt: skip
    def work(self, pick, who, days, how):
        if not self.now["work_items"]:
            return
        item = self.one("work_items", pick, lambda row: row["done_at"] is None)
        key, actor, day = item["item_id"], ACTORS[who], self.today + timedelta(days=days)
        version = item["row_version"]
        works: dict[str, Callable[[], Any]] = {
            "snooze": lambda: snooze(self.desk, actor, key, day, "later", row_version=version),
            "finish": lambda: finish(self.desk, actor, key, "called", next_action_on=day),
            "take": lambda: take(self.desk, actor, item_id=key),
            "assign": lambda: assign(self.desk, actor, "biller", item_id=key),
        }
        self.attempt(works[how], Expected())

    @rule(days=st.sampled_from([0, 1, 1, 7, 35]))
    def next_day(self, days):
        self.today += timedelta(days=days)
        self.room.practice.go_to(self.today)
        self.now = self.room.read()
        self.attempt(
            lambda: daily.refresh(self.desk, DAG),
            Expected(history=lambda row: row["source"] == "dag"),
        )
        self.once_is_enough()
        check_states(self.now)

    def once_is_enough(self) -> None:
        before = self.now
        assert daily.refresh(self.desk, DAG) == daily.Refreshed()
        self.now = self.room.read()
        assert self.now.differs(before) == {}

    # Always

    @invariant()
    def the_books_agree(self):
        check_sessions(self.model, self.now)
        check_totals(self.now)
        check_payments(self.now)


def _is_part_paid(row: Row) -> bool:
    return row["amount_paid"] > 0 < row["outstanding"]


def _differs(row: Row) -> bool:
    return row["amount_paid"] != row["ins_paid_reported"]


def _is_step(told: Row, row: Row, to: str, actor: Actor) -> bool:
    step = (row["session_id"], row["billing_status"], to, actor.user_id, "ui")
    names = ("session_id", "from_status", "to_status", "actor", "source")
    return tuple(told[name] for name in names) == step


@pytest.mark.timeout(3600)
def test_the_books_agree_whatever_happens_in_whatever_order(shared_warehouse, tmp_path):
    with room_in(shared_warehouse, tmp_path) as room:
        run_state_machine_as_test(
            lambda: Machine(room),
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
                derandomize="DAYSHEET_MACHINE_EXAMPLES" not in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
