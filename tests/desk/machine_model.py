"""What the state machine knows by itself of money and statuses, to hold the desk against."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.desk.machine_practice import Row, State
from tests.desk.test_lifecycle_grid import GRID

NOTHING = Decimal(0)
WRITTEN_OFF = ("contractual", "write_off")
IN_AR = {"submitted", "pending", "approved", "denied", "appealing"}
# By hand from the rules, and what only money does besides.
STEPS = {(status, to): who for status, steps in GRID.items() for to, who in steps.items()} | {
    ("paid", "pending"): "SBLA"
}


@dataclass(frozen=True)
class Said:
    """What the newest export says of a visit's insurance money."""

    exported_on: date
    charge: Decimal
    paid: Decimal
    unpaid: Decimal

    @property
    def write_off(self) -> Decimal:
        return self.charge - self.paid - self.unpaid


@dataclass
class Expected:
    """The rows of money one step has to write, no more and no fewer, and who it was."""

    allocations: Counter[tuple[UUID, Decimal]] = field(default_factory=Counter)
    adjustments: Counter[tuple[UUID, str, Decimal]] = field(default_factory=Counter)
    payments: Counter[Decimal] = field(default_factory=Counter)
    history: Callable[[Row], bool] = lambda _: False

    def allocate(self, session_id: UUID, amount: Decimal) -> None:
        self.allocations[session_id, amount] += 1

    def adjust(self, subject: UUID, kind: str, amount: Decimal) -> None:
        if amount != 0:
            self.adjustments[subject, kind, amount] += 1


@dataclass
class Model:
    """Sessions by their key: what exports said, what was posted, moved and told of their status."""

    visits: dict[int, Said] = field(default_factory=dict)
    number_of: dict[UUID, int] = field(default_factory=dict)  # of the visit
    posted: dict[UUID, Decimal] = field(default_factory=dict)
    moved: dict[UUID, list[Row]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[UUID, list[str]] = field(default_factory=dict)
    delivered: set[tuple[str, ...]] = field(default_factory=set)  # lines of remittances

    def export(self, number: int, said: Said) -> None:
        """An export tells of a visit; an older one than the newest says nothing."""
        known = self.visits.get(number)
        if known is None or said.exported_on >= known.exported_on:
            self.visits[number] = said

    def said(self, session_id: UUID) -> Said:
        return self.visits[self.number_of[session_id]]

    def paid(self, session_id: UUID) -> Decimal:
        return self.posted.get(session_id, self.said(session_id).paid)

    def standing(self, session_id: UUID, *kinds: str) -> list[Row]:
        """Adjustments of these kinds that are not undone."""
        rows = self.moved[session_id]
        undone = {row["reverses_adjustment_id"] for row in rows}
        return [
            row
            for row in rows
            if row["kind"] in kinds
            and row["reverses_adjustment_id"] is None
            and row["adjustment_id"] not in undone
        ]

    def write_off(self, session_id: UUID) -> Decimal:
        ours = [row["amount"] for row in self.standing(session_id, *WRITTEN_OFF)]
        return sum(ours) if ours else self.said(session_id).write_off

    def taken_off(self, session_id: UUID, kind: str, amount: Decimal, expected: Expected) -> None:
        """An adjustment; the first write-off made here takes over what the export wrote off."""
        if amount != 0 and kind in WRITTEN_OFF and not self.standing(session_id, *WRITTEN_OFF):
            expected.adjust(
                session_id, "contractual", max(self.said(session_id).write_off, NOTHING)
            )
        expected.adjust(session_id, kind, amount)

    def transferred(self, session_id: UUID) -> Decimal:
        moved = self.standing(session_id, "to_client", "from_client")
        signed = [row["amount"] * (1 if row["kind"] == "to_client" else -1) for row in moved]
        return sum(signed, NOTHING)

    def balance(self, session_id: UUID) -> Decimal:
        """What the payer owes; below zero it is a credit."""
        said = self.said(session_id)
        spent = self.paid(session_id) + self.write_off(session_id) + self.transferred(session_id)
        return said.charge - spent

    def owed(self, session_id: UUID) -> Decimal:
        return max(self.balance(session_id), NOTHING)

    def absorb(self, before: State, after: State) -> None:
        """Take in the rows of a step that was found to be right."""
        for row in after.news("payment_allocations", before):
            session_id = row["session_id"]
            self.posted[session_id] = self.posted.get(session_id, NOTHING) + row["amount"]
        for row in after.news("adjustments", before):
            if row["session_id"] is not None:
                self.moved[row["session_id"]].append(row)
        for row in after.news("session_status_history", before):
            self.statuses.setdefault(row["session_id"], []).append(row["to_status"])


def check_money(expected: Expected, before: State, after: State) -> None:
    """The rows of money that were written are those that had to be."""
    news = after.news("payment_allocations", before)
    made = Counter((row["session_id"], row["amount"]) for row in news)
    assert made == expected.allocations, (made, expected)
    news = after.news("adjustments", before)
    made = Counter(
        (row["session_id"] or row["payment_id"], row["kind"], row["amount"]) for row in news
    )
    assert made == expected.adjustments, (made, expected)
    made = Counter(row["amount"] for row in after.news("payments", before))
    assert made == expected.payments, (made, expected)


def check_history(
    allowed: Callable[[Row], bool], model: Model, before: State, after: State
) -> None:
    """Each new row follows the last, by a step its actor may take, and was asked for."""
    now = {key: told[-1] for key, told in model.statuses.items()}
    for row in after.news("session_status_history", before):
        assert row["from_status"] == now.get(row["session_id"]), row
        now[row["session_id"]] = row["to_status"]
        if row["from_status"] is None:
            assert (row["source"], row["session_id"] in before["sessions"]) == ("import", False)
            continue
        step = (row["from_status"], row["to_status"])
        who = "S" if row["source"] != "ui" else row["actor"][0].upper()
        by_posting = row["to_status"] == "paid" and row["source"] == "ui"
        assert who in STEPS.get(step, "") or by_posting, row
        assert allowed(row), row


def check_remitted(model: Model, before: State, after: State) -> None:
    """What a file posted is what its lines say, on the sessions of their claims, once."""
    applied: Counter[tuple[UUID, UUID]] = Counter()
    for key, line in after["remittance_lines"].items():
        if line["is_applied"] and not before["remittance_lines"].get(key, {}).get("is_applied"):
            applied[line["payment_id"], line["claim_id"]] += line["amount"]
    posted: Counter[tuple[UUID, UUID]] = Counter()
    for row in after.news("payment_allocations", before):
        claim_id = after["sessions"][row["session_id"]]["claim_id"]
        assert row["file_id"] is not None, row
        assert (row["amount"] < 0) == (row["reverses_allocation_id"] is not None), row
        posted[row["payment_id"], claim_id] += row["amount"]
    for part in applied.keys() | posted.keys():
        payment_id, _ = part
        known = before["payment_balances"].get(payment_id)
        if posted[part] == 0 and known and abs(known["unapplied"]) < abs(applied[part]):
            continue  # a person has allocated it
        assert posted[part] == applied[part]
    assert len(after["remittance_lines"]) == len(model.delivered)
    of_payment: Counter[UUID] = Counter()
    for line in after["remittance_lines"].values():
        of_payment[line["payment_id"]] += line["amount"]
    for row in after.news("payments", before):
        assert row["source"] == "payment_report"
        assert row["amount"] == of_payment[row["payment_id"]]
    _check_moved(before, after)


def _check_moved(before: State, after: State) -> None:
    """Files move what a payer calls the client's, and back what an export says is the client's."""
    billed = {
        row["session_id"]
        for row in after.news("session_status_history", before)
        if row["transition"] == 20
    }
    for row in after.news("adjustments", before):
        key, kind = row["session_id"], row["kind"]
        assert row["source"] == "import"
        if kind == "from_client":
            was, now = before["sessions"][key], after["sessions"][key]
            fall, credit = was["ins_charge"] - now["ins_charge"], now["payer_credit"]
            assert row["amount"] == min(fall, was["client_transfer"], credit + row["amount"]), row
        else:
            assert kind == "to_client"
            assert key in billed


def check_sessions(model: Model, state: State) -> None:
    """Every amount to the cent, and every status the last of its history."""
    for session_id, row in state["sessions"].items():
        balance = model.balance(session_id)
        assert {
            "ins_charge": model.said(session_id).charge,
            "ins_paid_posted": model.posted.get(session_id),
            "amount_paid": model.paid(session_id),
            "write_off": model.write_off(session_id),
            "client_transfer": model.transferred(session_id),
            "outstanding": max(balance, NOTHING),
            "payer_credit": max(-balance, NOTHING),
            "billing_status": model.statuses[session_id][-1],
        }.items() <= row.items(), (row, model.said(session_id))
        replayed = [
            told["to_status"]
            for told in state["session_status_history"].values()
            if told["session_id"] == session_id
        ]
        assert replayed == model.statuses[session_id]


def check_totals(state: State) -> None:
    """The aging total is the outstanding metric, and both are the sessions'."""
    aging = [row["outstanding"] for row in state["aging_report"].values() if row["in_ar"]]
    ours = [row["outstanding"] for row in state["sessions"].values() if _is_owed(row)]
    (metrics,) = state["dashboard_metrics"].values()
    assert metrics["outstanding_claims_amount"] == sum(aging) == sum(ours)
    unbilled = [row for row in state["aging_report"].values() if not row["in_ar"]]
    today = metrics["as_of"]
    assert metrics["unbilled_sessions"] == sum(row["service_on"] <= today for row in unbilled)


def _is_owed(row: Row) -> bool:
    again = row["billing_status"] == "ready_to_bill" and row["first_submitted_on"] is not None
    return row["billing_status"] in IN_AR or again


def check_payments(state: State) -> None:
    """Allocations stay within their payment, what was undone within what it undoes."""
    used: Counter[UUID] = Counter()
    kept: Counter[UUID] = Counter()
    members = state["payments"]
    roots = {key: row["reverses_payment_id"] or key for key, row in members.items()}
    spent = [*state["payment_allocations"].values(), *state["adjustments"].values()]
    for row in spent:
        if row["payment_id"] is not None:
            used[row["payment_id"]] += row["amount"]
    for key, row in members.items():
        assert NOTHING <= used[key] * _sign(row) <= row["amount"] * _sign(row), row
        kept[roots[key]] += row["amount"]
    for root, left in kept.items():
        spent_of = sum(used[key] for key in members if roots[key] == root)
        assert min(left, NOTHING) <= spent_of <= max(left, NOTHING), members[root]
        row = state["payment_balances"][root]
        assert (row["kept"], row["unapplied"]) == (left, left - spent_of)
        is_back = left == 0 and members[root]["amount"] != 0
        assert members[root]["is_reversed"] == is_back, members[root]
    for row in state["payment_allocations"].values():
        undoing = _undoing(state, row["allocation_id"])
        assert NOTHING <= -sum(undoing) * _sign(row) <= row["amount"] * _sign(row), row


def _undoing(state: State, allocation_id: UUID) -> Iterable[Decimal]:
    return [
        row["amount"]
        for row in state["payment_allocations"].values()
        if row["reverses_allocation_id"] == allocation_id
    ]


def _sign(row: Row) -> int:
    return -1 if row["amount"] < 0 else 1


# What may still change of a row that is written once.
_WRITTEN_ONCE = {
    "payments": {"is_reversed"},
    "payment_allocations": set(),
    "adjustments": set(),
    "session_status_history": set(),
    "submissions": set(),
    "submission_outcomes": set(),
    "notes": set(),
    "reconciliation_clearances": set(),
    "remittance_lines": {"claim_id", "is_applied"},
}
_UNVERSIONED = {"row_version", "updated_at", "source_as_of", "source_file_id"}


def check_growth(before: State, after: State) -> None:
    """Nothing that is written once was rewritten; versions grow with every change."""
    for table, free in _WRITTEN_ONCE.items():
        for key, row in before[table].items():
            kept = {name: value for name, value in row.items() if name not in free}
            assert kept.items() <= after[table][key].items(), (table, row)
            assert all(after[table][key][name] or not row[name] for name in free), (table, row)
    for table in ("sessions", "claims", "denials", "appeals", "work_items"):
        for key, row in before[table].items():
            now = after[table][key]
            assert now["row_version"] >= row["row_version"], (table, row)
            changed = {name for name in row if row[name] != now[name]} - _UNVERSIONED
            if changed:
                assert now["row_version"] > row["row_version"], (table, changed)


def check_states(state: State) -> None:
    """No half state: what a status says, the rows about it say too."""
    open_denials = {
        row["session_id"]: key
        for key, row in state["denials"].items()
        if row["resolved_on"] is None
    }
    open_appeals = {
        row["denial_id"] for row in state["appeals"].values() if row["decided_on"] is None
    }
    assert open_appeals <= set(open_denials.values())
    asked: dict[Any, set[str]] = defaultdict(set)
    for item in state["work_items"].values():
        if item["done_at"] is None or item["kind"] == "conflict":  # once told is told
            asked[item["session_id"]].add(item["kind"])
    moved_last = {
        row["session_id"]: row["transition"] for row in state["session_status_history"].values()
    }
    for session_id, row in state["sessions"].items():
        status, kinds = row["billing_status"], asked[session_id]
        if status in ("denied", "appealing"):
            assert session_id in open_denials, row
        assert (status == "appealing") <= (open_denials.get(session_id) in open_appeals), row
        if status in ("paid", "client_responsibility", "written_off", "voided"):
            assert session_id not in open_denials, row
        if status in ("paid", "written_off") or moved_last.get(session_id) == 20:
            # who takes back what was said or paid asks a person to judge
            is_asked = kinds & {"conflict", "possible_correction", "disposition"}
            assert row["outstanding"] == 0 or is_asked, row
        if status == "voided":
            assert not row["ins_paid_posted"], row
            assert kinds <= {"conflict", "possible_correction", "credit"}, kinds
        if status not in IN_AR | {"ready_to_bill", "completed", "documented"}:
            assert not kinds & {"bill_it", "follow_up", "denial", "appeal_due", "rejection"}, kinds
    for item in state["work_items"].values():
        if item["done_at"] is None and item["payment_id"] is not None:
            assert state["payment_balances"][item["payment_id"]]["unapplied"] != 0, item
        if item["done_at"] is None and item["kind"] == "quarantined_row":
            row = state.tables["ops.row_verdict"][item["file_id"], item["line"]]
            assert row["decision"] is None, item
