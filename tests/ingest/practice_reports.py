"""An invented practice that drops reports into its inbox, always on one day."""

import csv
import io
from pathlib import Path
from typing import Any

from tests.ingest.deliveries import Deliveries

from daysheet.ingest.drops import Outcome
from daysheet.settings import Settings

AS_OF = "2026-11-20"
SAMPLES = Path(__file__).parent / "reports"

HEADER = [
    "Date of Service", "Client", "Clinician", "Billing Code", "Primary Insurance",
    "Secondary Insurance", "Rate per Unit", "Units", "Total Fee", "Client Payment Status",
    "Charge", "Uninvoiced", "Paid", "Unpaid", "Insurance Payment Status", "Charge", "Paid",
    "Unpaid",
]  # fmt: skip
_GOOD = {
    "at": "11/02/2026 08:00", "client": "Ferris Nightingale-Oak", "clinician": "Wren Halloway",
    "code": "90837", "payer": "Harborlight Health Plan (44101)", "secondary": "", "rate": "160.0",
    "units": "1", "fee": "160.0", "client_label": "PAID", "client_charge": "30.0",
    "uninvoiced": "0.0", "client_paid": "30.0", "client_unpaid": "0.0", "label": "UNPAID",
    "charge": "130.0", "paid": "0.0", "unpaid": "130.0",
}  # fmt: skip


def visit(**cells: Any) -> list[str]:
    """A row of the 18-column appointment report: a good one, but for these cells."""
    assert set(cells) <= set(_GOOD), set(cells) - set(_GOOD)
    return [str(cell) for cell in (_GOOD | cells).values()]


def paid(**cells: Any) -> list[str]:
    """A visit its insurer has paid and written off the rest of."""
    return visit(**({"label": "PAID", "paid": "100.0", "unpaid": "0.0"} | cells))


def written(*rows: list[str], header: list[str] = HEADER) -> str:
    """Rows as a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


class Practice(Deliveries):
    """Reports of one practice dropped into one warehouse, on a day that does not move."""

    def __init__(self, warehouse, root: Path, as_of: str = AS_OF, **settings: Any) -> None:
        super().__init__(warehouse, root)
        self.inbox = root / "inbox" / "simplepractice"
        self.inbox.mkdir(parents=True)
        self.settings = Settings(home=root / "home", stable_seconds=0, as_of=as_of, **settings)

    def drop_visits(self, day: str, *rows: list[str]) -> Outcome:
        """Drop an appointment report exported on that day, and run; what became of it."""
        self.drop(f"appointments_report_{day}.csv", written(*rows))
        (outcome,) = self.run()
        return outcome

    def drop_sample(self, number: str) -> Outcome:
        """Drop the sample file of that number, and run; what became of it."""
        (sample,) = SAMPLES.glob(f"{number}_*.csv")
        name = sample.name if "2026" in sample.name else f"{sample.stem}_{AS_OF}.csv"
        (self.inbox / name).write_bytes(sample.read_bytes())
        (outcome,) = self.run()
        return outcome

    def verdicts(self, file_id: int) -> dict[int, tuple[str, list[str]]]:
        """Verdict of each row by line, with its reasons or warnings."""
        rows = self.query(
            "select line, verdict, reasons || warnings from ops.row_verdict"
            f" where file_id = {file_id} order by line"
        )
        return {line: (verdict, codes) for line, verdict, codes in rows}

    def statuses(self) -> list[tuple]:
        """Day and billing status of every session."""
        return self.query(
            "select service_on::text, billing_status from desk.sessions order by 1, 2"
        )

    def session(self, columns: str, where: str = "true") -> tuple:
        """Columns of the one session."""
        (row,) = self.query(f"select {columns} from desk.sessions where {where}")
        return row

    def items(self) -> list[tuple]:
        """Kinds of the open work items, with the reason that is given."""
        return self.query(
            "select kind, detail ->> 'reason' from desk.work_items where done_at is null"
            " order by 1, 2"
        )

    def everything(self) -> dict[str, list[tuple]]:
        """All that a load may change, without the moments it was changed at."""
        tables = [
            "desk.clients", "desk.clinicians", "desk.payers", "desk.payer_aliases",
            "desk.sessions", "desk.session_status_history", "desk.work_items", "desk.claims",
            "desk.payments", "desk.payment_allocations", "ops.row_verdict",
            "quarantine.refused_row", "raw.simplepractice__appointment_status",
        ]  # fmt: skip
        return {
            table: self.query(f"select to_jsonb(t)::text from {table} as t order by 1")
            for table in tables
        }
