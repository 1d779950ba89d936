"""The practice the state machine works in: its few visits and claims, its files, all its rows."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.conftest import Warehouse
from tests.desk.invented import insert
from tests.desk.stages import staff
from tests.ingest.loaded_reports import AS_OF, Practice, practice_in
from tests.ingest.practice_reports import HEADER

Row = dict[str, Any]
Rows = dict[Any, Row]

# One payer files in its portal and soon, the other through SimplePractice.
PAYERS = ("Harborlight Health Plan (44101)", "Kestrel Behavioral (KBH01)")
CLAIMS_HEADER = [
    "Date Submitted", "Client", "Status", "Payer", "Clearinghouse Reference", "Payer Claim",
]  # fmt: skip
TIES_HEADER = [
    "Date", "Client", "Clearinghouse Reference", "Payer Claim", "Billed", "Co-Pay", "Ins. Billed",
    "Ins. Paid", "Ins. Balance",
]  # fmt: skip
REMITTANCE_HEADER = [
    "Date Received", "Client", "Payer", "Amount", "Clearinghouse Reference", "Payer Claim",
    "Payment Reference", "Payment Status",
]  # fmt: skip
WORDS = (
    "Submitted", "Received", "Pending", "Accepted", "More Info Required", "Paid Pending", "Paid",
    "Denied", "Deductible", "Rejected", "Downloaded",
)  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """A visit as it can be told apart: no two are of one client and day."""

    day: date
    client: str
    payer: str
    charge: Decimal

    def said(self, how: str) -> tuple[Decimal, Decimal, Decimal]:
        """Charge, paid and unpaid, as an export says it."""
        charge, nothing = self.charge, Decimal(0)
        return {
            "owed": (charge, nothing, charge),
            "raised": (charge + 20, nothing, charge + 20),
            "part": (charge, Decimal("40.01"), charge - Decimal("40.01")),
            "settled": (charge, charge - Decimal("30.01"), nothing),
            "over": (charge, charge + 10, Decimal(-10)),
            "forgiven": (charge, nothing, nothing),
            "free": (nothing, nothing, nothing),
        }[how]


@dataclass(frozen=True)
class SentClaim:
    """A claim as files name it; ``visits`` are those a file may tie it to."""

    reference: str
    number: str
    client: str
    payer: str
    visits: tuple[int, ...]


def _visit(days_ago: int, client: str, payer: int, charge: str) -> Visit:
    return Visit(AS_OF - timedelta(days=days_ago), client, PAYERS[payer], Decimal(charge))


VISITS = (
    _visit(50, "Ada Example", 0, "130.00"),
    _visit(43, "Ada Example", 0, "70.01"),
    _visit(36, "Ada Example", 0, "130.00"),
    _visit(20, "Ben Sample", 1, "100.03"),
    _visit(6, "Ben Sample", 1, "160.00"),
    _visit(80, "Cy Invented", 1, "115.50"),
    _visit(-10, "Cy Invented", 0, "130.00"),
)
SENT = (
    SentClaim("CR1001", "HL-1", "Ada Example", PAYERS[0], (0, 1)),
    SentClaim("CR1002", "--", "Ada Example", PAYERS[0], (2,)),
    SentClaim("CR1003", "KB-3", "Ben Sample", PAYERS[1], (3,)),
    SentClaim("CR1004", "KB-4", "Ben Sample", PAYERS[1], (3, 4)),
    SentClaim("CR1005", "KB-5", "Cy Invented", PAYERS[1], (5, 6)),
    SentClaim("--", "HL-6", "Cy Invented", PAYERS[0], ()),
)


def visits_file(told: Sequence[tuple[int, str]], *, is_locked: bool, has_fault: bool) -> str:
    """An appointment status report; locked notes come in the layout of 20 columns."""
    header = list(HEADER)
    if is_locked:
        header.insert(9, "Progress Note Status")
        header.insert(18, "Write Off")
    rows = []
    for number, how in told:
        visit = VISITS[number]
        charge, paid, unpaid = visit.said(how)
        label = "UNPAID" if unpaid > 0 else "PAID"
        money = [charge, paid, *([charge - paid - unpaid] if is_locked else []), unpaid]
        note = ["LOCKED"] if is_locked else []
        rows.append(
            [
                f"{visit.day:%m/%d/%Y} 09:00", visit.client, "Cleo Clinician", "90837",
                visit.payer, "", "160.0", "1", charge, *note,
                "NO CHARGE", "0.0", "0.0", "0.0", "0.0", label, *money,
            ]
        )  # fmt: skip
    if has_fault:
        rows.append(["13/45/2026 09:00", *rows[0][1:]])
    return _written(header, rows)


def claims_file(told: Sequence[tuple[int, str, date | None]]) -> str:
    """An insurance claims report: of each claim its word and the day it was sent."""
    rows = []
    for number, word, sent_on in told:
        sent = SENT[number]
        day = f"{sent_on:%m/%d/%Y}" if sent_on else "--"
        rows.append([day, sent.client, word, sent.payer, sent.reference, sent.number])
    return _written(CLAIMS_HEADER, rows)


def ties_file(told: Sequence[tuple[int, int]]) -> str:
    """An unpaid insurance appointments report: which claim each visit is on."""
    rows = []
    for number, at in told:
        sent, visit = SENT[number], VISITS[at]
        day, billed = f"{visit.day:%m/%d/%Y}", visit.charge
        rows.append(
            [day, visit.client, sent.reference, sent.number, billed, 0, billed, 0, billed]
        )  # fmt: skip
    return _written(TIES_HEADER, rows)


def remittance_line(
    number: int, amount: str, word: str, reference: str, received_on: date
) -> list[str]:
    """A line of an insurance payment report."""
    sent = SENT[number]
    day = f"{received_on:%m/%d/%Y}"
    return [day, sent.client, sent.payer, amount, sent.reference, sent.number, reference, word]


def remittance_file(lines: Sequence[Sequence[str]]) -> str:
    """An insurance payment report."""
    return _written(REMITTANCE_HEADER, lines)


def _written(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


# Every table that what people or files do may change, with its key.
KEYS = {
    "desk.sessions": ("session_id",),
    "desk.claims": ("claim_id",),
    "desk.submissions": ("claim_id", "n"),
    "desk.submission_outcomes": ("claim_id", "n"),
    "desk.session_status_history": ("history_id",),
    "desk.payments": ("payment_id",),
    "desk.payment_allocations": ("allocation_id",),
    "desk.remittance_lines": ("line_id",),
    "desk.adjustments": ("adjustment_id",),
    "desk.denials": ("denial_id",),
    "desk.appeals": ("appeal_id",),
    "desk.notes": ("note_id",),
    "desk.work_items": ("item_id",),
    "desk.payers": ("payer_id",),
    "desk.metric_snapshots": ("metric", "as_of"),
    "desk.reconciliation_clearances": ("clearance_id",),
    "ops.row_verdict": ("file_id", "line"),
    "desk.payment_balances": ("payment_id",),
    "desk.aging_report": ("session_id",),
    "desk.dashboard_metrics": ("as_of",),
}
_FORGET = """
    select string_agg(format('delete from %I.%I', schemaname, tablename), '; ')
    from pg_tables
    where schemaname in ('raw', 'quarantine') or schemaname = 'desk' and tablename not in (
        'payers', 'payer_aliases', 'insurance_portals', 'staff', 'secret', 'practice_setting',
        'holiday', 'metric_targets'
    ) or schemaname = 'ops' and tablename in ('file', 'row_verdict', 'source_state')
"""


class State:
    """All rows of one moment, by table and key."""

    def __init__(self, tables: dict[str, Rows]) -> None:
        self.tables = tables

    def __getitem__(self, table: str) -> Rows:
        return self.tables[f"desk.{table}"]

    def news(self, table: str, before: "State") -> list[Row]:
        """The rows that were not there before."""
        return [row for key, row in self[table].items() if key not in before[table]]

    def differs(self, other: "State") -> dict[str, list[Any]]:
        """Keys of the rows that are not the same in both, by table."""
        return {
            name: [
                key
                for key in rows.keys() | other.tables[name].keys()
                if rows.get(key) != other.tables[name].get(key)
            ]
            for name, rows in self.tables.items()
            if rows != other.tables[name]
        }


class Room:
    """One warehouse, emptied for each run of the machine."""

    def __init__(self, practice: Practice, admin: psycopg.Connection) -> None:
        self.practice, self.desk, self._admin = practice, practice.desk, admin
        staff(admin)
        # work goes to one of them, whatever references are drawn
        admin.execute("update desk.staff set works_claims = user_id = 'biller'")
        first, second = (
            insert(
                admin,
                "payers",
                {"name": name.split(" (")[0], "external_id": name[-6:-1]} | columns,
                "payer_id",
            )
            for name, columns in zip(
                PAYERS,
                (
                    {"billing_route": "portal", "filing_days": 60, "appeal_days": 30},
                    {"plan_class": "medicare"},
                ),
                strict=True,
            )
        )
        self.payers = (first, second)
        portal = {"payer_id": first, "name": "Portal", "url": "https://portal.example"}
        self.portal = insert(admin, "insurance_portals", portal, "portal_id")
        row = admin.execute(_FORGET).fetchone()
        assert row
        self._forget = row[0]

    def empty(self) -> None:
        """Nothing happened yet, and it is the first day."""
        # what may only grow is emptied past its triggers
        with self._admin.transaction():
            self._admin.execute("set local session_replication_role = replica")
            self._admin.execute(self._forget)
        self.practice.go_to(AS_OF)

    def read(self) -> State:
        """All there is."""
        found = {}
        with self.desk.cursor(row_factory=dict_row) as cursor:
            for table, key in KEYS.items():
                rows = cursor.execute(f"select * from {table} order by {', '.join(key)}")
                found[table] = {tuple(row[name] for name in key): row for row in rows}
                if len(key) == 1:
                    found[table] = {one: row for (one,), row in found[table].items()}
        return State(found)


@contextmanager
def room_in(warehouse: Warehouse, folder: Path) -> Iterator[Room]:
    """The practice, with its staff and payers."""
    with (
        practice_in(warehouse, folder) as practice,
        psycopg.connect(warehouse.admin, autocommit=True) as admin,
    ):
        yield Room(practice, admin)
