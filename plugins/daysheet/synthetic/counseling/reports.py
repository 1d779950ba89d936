"""The reports as SimplePractice writes them: headings, padding, signs and all."""

import csv
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.counseling.claims import Claim, Line
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.visits import NO_NOTE, Visit

NOTE_HEADING, WRITE_OFF_HEADING = "Progress Note Status", "Write Off"
_VISIT = (
    "Date of Service", "Client", "Clinician", "Billing Code", "Primary Insurance",
    "Secondary Insurance", "Rate per Unit", "Units", "Total Fee",
)  # fmt: skip
_CLIENT = ("Client Payment Status", "Charge", "Uninvoiced", "Paid", "Unpaid")
_INSURANCE = ("Insurance Payment Status", "Charge", "Paid")
APPOINTMENTS_18 = (*_VISIT, *_CLIENT, *_INSURANCE, "Unpaid")
APPOINTMENTS_20 = (
    *_VISIT, NOTE_HEADING, *_CLIENT, *_INSURANCE, WRITE_OFF_HEADING, "Unpaid",
)  # fmt: skip
CLAIMS = ("Date Submitted", "Client", "Status", "Payer", "Clearinghouse Reference", "Payer Claim")
UNPAID = (
    "Date", "Client", "Clearinghouse Reference", "Payer Claim", "Billed", "Co-Pay", "Ins. Billed",
    "Ins. Paid", "Ins. Balance",
)  # fmt: skip
PAYMENTS = (
    "Date Received", "Client", "Payer", "Amount", "Clearinghouse Reference", "Payer Claim",
    "Payment Reference", "Payment Status",
)  # fmt: skip
EXPORTED_PAYMENTS = (
    "Payment ID", "Date Paid", "Account", "Payment type", "Name", "Amount",
    "Payment Reference ID",
)  # fmt: skip

_TOO_EARLY = timedelta(days=10)  # before the visit, which cannot be


class Report:
    """One export: a file that grows as clients are made.

    ``rows`` counts what follows the header; ``spoiled`` those of them nothing is to come of, by
    the verdict they deserve.
    """

    def __init__(self, path: Path, exported_on: date, headings: Iterable[str]) -> None:
        self.path, self.exported_on, self.rows = path, exported_on, 0
        self.spoiled: Counter[str] = Counter()
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._csv = csv.writer(self._stream, lineterminator="\n")
        self.headings = tuple(headings)
        self._csv.writerow(self.headings)

    def add(self, cells: Iterable[str], verdict: str | None = None) -> None:
        """Write one row; ``verdict`` is that of a row which is to be quarantined or left out."""
        self.rows += 1
        if verdict:
            self.spoiled[verdict] += 1
        self._csv.writerow(cells)

    def close(self) -> None:
        """Finish the file; nobody keeps an export of nothing."""
        self._stream.close()
        if not self.rows:
            self.path.unlink()


class Reports:
    """All exports of the weeks, open at once."""

    def __init__(self, folder: Path, exports: Exports) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        days = exports.appointments
        self.appointments = [
            # The columns for notes and write-offs were switched on half way.
            Report(folder / _named(day), day, APPOINTMENTS_20 if 2 * n > len(days) else
                   APPOINTMENTS_18)
            for n, day in enumerate(days)
        ]  # fmt: skip
        self.claims = [
            Report(folder / f"insurance_claims_report_{day}.csv", day, CLAIMS)
            for day in exports.claims
        ]
        self.unpaid = [
            Report(folder / f"unpaid_insurance_appointments_report_{day}.csv", day, UNPAID)
            for day in exports.claims
        ]
        self.payments = [
            Report(folder / f"insurance_payment_reports_report_{day}.csv", day, PAYMENTS)
            for day in exports.payments
        ]
        self.exported = Report(
            folder / f"payment_export_{exports.until}.csv", exports.until, EXPORTED_PAYMENTS
        )

    def all(self) -> list[Report]:
        """Every report, those of one kind by day."""
        return [*self.appointments, *self.claims, *self.unpaid, *self.payments, self.exported]


def _named(day: date) -> str:
    """Two ways in which the practice names the file, each with the day of the export."""
    if day.day % 3 == 0:
        return f"appointments_report ({day:%m_%d_%Y}).csv"
    return f"appointment-status-report_{day}.csv"


def appointment(visit: Visit, report: Report) -> list[str]:
    """A visit as an appointment report shows it."""
    day, client = report.exported_on, visit.client
    fee, charge = visit.fee_on(day), visit.charge_on(day)
    paid, written_off = visit.paid_by(day), visit.written_off_by(day)
    lists_more = NOTE_HEADING in report.headings
    # Some payers are spelled in two ways; the id is what counts.
    other = client.n % 3 == 1
    cells = [
        f"{visit.day:%m/%d/%Y} {visit.minute // 60:02}:{visit.minute % 60:02}",
        client.name,
        client.clinician,
        f"{visit.code} ",
        client.insurer.shown(spelled_otherwise=other) if client.insurer else "",
        client.secondary.shown() if client.secondary else "",
        f"{dollars(fee)} ",
        "1 ",
        dollars(fee),
    ]
    if lists_more:
        cells.append(visit.note_on(day) if visit.day <= day else NO_NOTE)
    cells += _client_side(visit, fee - charge, day)
    cells += [_label(visit, charge, day), dollars(charge), dollars(paid)]
    if lists_more:
        cells.append(dollars(written_off))
    return [*cells, dollars(charge - paid - written_off)]


def _client_side(visit: Visit, share: int, day: date) -> list[str]:
    if not share:
        return ["NO CHARGE", *["0.0"] * 4]
    if visit.day > day:
        return ["UNINVOICED", dollars(share), dollars(share), "0.0", "0.0"]
    if visit.copay_paid_on and visit.copay_paid_on <= day:
        return ["PAID", dollars(share), "0.0", dollars(share), "0.0"]
    return ["UNPAID", dollars(share), "0.0", "0.0", dollars(share)]


def _label(visit: Visit, charge: int, day: date) -> str:
    owed = visit.owed_on(day)
    if not charge:
        return "NO CHARGE"
    if owed <= 0:
        return "PAID" if owed == 0 else "OVER"
    return "UNPAID" if visit.is_claimed else "UNBILLED"


def claim_line(claim: Claim, day: date) -> list[str]:
    """A claim as the claims report of that day shows it."""
    sent_on = claim.sent_on if claim.is_dated else claim.visits[0].day - _TOO_EARLY
    return [
        f"{sent_on:%m/%d/%Y}",
        claim.client.name,
        claim.word_on(day),
        _payer(claim),
        claim.reference,
        claim.number_on(day),
    ]


def unsent_claim(visit: Visit, word: str) -> list[str]:
    """A claim that is being prepared: it has no day and no reference yet."""
    insurer = visit.client.insurer
    assert insurer is not None
    return ["--", visit.client.name, word, insurer.shown(), "--", "--"]


def unpaid_line(visit: Visit, claim: Claim | None, day: date) -> list[str]:
    """A visit its insurer owes, as the report of that day shows it."""
    return [
        f"{visit.day:%m/%d/%Y}",
        visit.client.name,
        claim.reference if claim else "--",
        claim.number_on(day) if claim else "--",
        dollars(visit.fee_on(day)),
        dollars(visit.fee_on(day) - visit.charge_on(day)),
        dollars(visit.charge_on(day)),
        dollars(visit.paid_by(day)),
        dollars(visit.owed_on(day)),
    ]


def payment_line(claim: Claim, line: Line) -> list[str]:
    """What a payer sent for a claim."""
    return [
        f"{line.on:%m/%d/%Y}",
        claim.client.name,
        _payer(claim),
        dollars(line.amount),
        claim.reference,
        claim.number_on(line.on),
        payment_reference(claim, line),
        line.word,
    ]


def payment_reference(claim: Claim, line: Line) -> str:
    """The number of the transfer: one for each payer and day, take-backs apart."""
    insurer = claim.client.insurer
    assert insurer is not None
    way = "TB" if line.amount < 0 else "CHK" if insurer.route == "paper" else "EFT"
    return f"{way} {insurer.external_id or 'TALLOW'}-{line.on:%Y%m%d}"


def client_payment(visit: Visit, n: int) -> list[str]:
    """What a client paid for a visit, in the payment export."""
    assert visit.copay_paid_on is not None
    return [
        f"CP{n:06d}",
        f"{visit.copay_paid_on:%m/%d/%Y}",
        "Accounts Receivable",
        "Credit Card" if visit.client.n % 4 else "Cash",
        visit.client.name,
        dollars(visit.copay),
        f"ch_{visit.client.n:04d}{n:06d}",
    ]


def insurer_payment(claim: Claim, line: Line, n: int) -> list[str]:
    """What an insurer paid, in the payment export: a control total, not money once more."""
    return [
        f"IP{n:06d}",
        f"{line.on:%m/%d/%Y}",
        "Accounts Receivable Insurance",
        "EFT",
        _payer(claim),
        dollars(line.amount),
        payment_reference(claim, line),
    ]


def _payer(claim: Claim) -> str:
    assert claim.client.insurer is not None
    return claim.client.insurer.shown()


def dollars(amount: int) -> str:
    """As exports write money: ``160.0``, ``90.26``, ``-16.0``."""
    return repr(amount / DOLLAR)
