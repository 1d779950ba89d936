"""What a row of each report must fulfil beyond its single cells, with reason and warning codes."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from daysheet.desk.receipts import FIRST_DAY
from daysheet.ingest.reports.cells import Payer

FURTHEST_AHEAD = timedelta(days=366)
UNKNOWN_CODE = "UNKNOWN"  # of a visit without a code that cost nothing
KNOWN_LABELS = {"PAID", "UNPAID", "OVER", "NO CHARGE", "UNINVOICED", "UNBILLED", "PENDING"}
# A take-back is a lower Paid; only what is unpaid may be below zero, as a credit.
_NEVER_NEGATIVE = (
    "rate",
    "total_fee",
    "client_charge",
    "client_uninvoiced",
    "client_paid",
    "ins_charge",
    "ins_paid",
    "write_off",
)
_NOTHING = Decimal("0.00")


@dataclass
class Judged:
    """A row's typed cells and what is wrong with them.

    ``key`` is empty for a row that has no identity, or none that can be read; ``content`` is equal
    for rows that say the same.
    """

    cells: dict[str, Any] = field(default_factory=dict, repr=False)
    unread: set[str] = field(default_factory=set)  # columns whose cell was refused
    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    key: bytes = field(default=b"", repr=False)
    content: bytes = field(default=b"", repr=False)

    def refuse(self, reason: str) -> None:
        """Note a reason once."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def warn(self, warning: str) -> None:
        """Note a warning once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def lacks(self, name: str) -> bool:
        """Whether the file has the column and the cell is empty (not: could not be read)."""
        return name in self.cells and self.cells[name] is None and name not in self.unread

    def need(self, name: str, reason: str) -> None:
        """Refuse the row if that cell is empty."""
        if self.lacks(name):
            self.refuse(reason)

    def amount(self, name: str) -> Decimal:
        """A money cell; 0 when it is empty."""
        return self.cells.get(name) or _NOTHING


def compared(value: Any) -> str:
    """A typed cell as keys and contents compare it."""
    match value:
        case None:
            return ""
        case bytes():
            return value.hex()
        case Payer():
            return value.identity
        case tuple():
            return "-".join(value)
        case _:
            return str(value)


def row_key(parts: Iterable[Any]) -> bytes:
    """The digest by which a row is told from all others of its report."""
    return hashlib.sha256("\x1f".join(map(compared, parts)).encode()).digest()


def _appointment(judged: Judged, today: date) -> None:
    found = judged.cells
    _check_service_day(judged, today)
    judged.need("client", "missing_client")
    judged.need("clinician", "missing_clinician")
    charged = max(map(judged.amount, ("ins_charge", "client_charge", "total_fee")))
    if judged.lacks("billing_code"):
        if charged > 0:
            judged.refuse("missing_billing_code")
        else:
            found["billing_code"] = UNKNOWN_CODE
    if judged.amount("ins_charge") > 0:
        judged.need("payer", "missing_payer")
    units = found.get("units")
    if units is not None:
        if units == 0 and charged > 0:
            judged.refuse("bad_units")
        if units != units.to_integral_value():
            judged.warn("fractional_units")
    if any(judged.amount(name) < 0 for name in _NEVER_NEGATIVE):
        judged.refuse("negative_charge")
    elif not judged.unread:
        _check_amounts(judged)


def _check_amounts(judged: Judged) -> None:
    """What insurance was charged is what it paid, still owes, and what was written off."""
    found = judged.cells
    charge = judged.amount("ins_charge")
    if "ins_charge" in found:
        if found["ins_unpaid"] is None:  # what the other cells leave
            found["ins_unpaid"] = charge - judged.amount("ins_paid") - judged.amount("write_off")
        written_off = charge - judged.amount("ins_paid") - found["ins_unpaid"]
        if written_off < 0:
            judged.refuse("balance_exceeds_charge")
        elif found.get("write_off") is None:
            found["write_off"] = written_off
        elif found["write_off"] != written_off:
            judged.warn("balance_identity_mismatch")
    if judged.amount("client_charge") + charge != judged.amount("total_fee"):
        judged.warn("fee_split_mismatch")
    for side in ("client", "ins"):
        _check_label(judged, side)


def _check_label(judged: Judged, side: str) -> None:
    """The source's word against the amounts, which decide."""
    label = judged.cells.get(f"{side}_status_label")
    if label is None:
        return
    charge, unpaid = judged.amount(f"{side}_charge"), judged.amount(f"{side}_unpaid")
    word = label.upper().replace("-", " ")
    if word not in KNOWN_LABELS:
        judged.warn("unknown_status_label")
    fits = {
        "PAID": unpaid == 0,
        "UNPAID": unpaid > 0,
        "UNBILLED": unpaid > 0,
        "PENDING": unpaid > 0,
        "OVER": unpaid < 0,
        "NO CHARGE": charge == 0,
    }
    if not fits.get(word, True):
        judged.warn("label_amount_mismatch")


def _check_service_day(judged: Judged, today: date) -> None:
    judged.need("service_on", "missing_date")
    day = judged.cells["service_on"]
    if day is not None and not FIRST_DAY <= day <= today + FURTHEST_AHEAD:
        judged.refuse("date_out_of_range")


def _claim(judged: Judged, today: date) -> None:
    judged.need("client", "missing_client")
    found = judged.cells
    reference, payer = found["clearinghouse_ref"], found["payer"]
    number = None if reference else found["payer_claim_no"]
    found["reference"] = reference or ""
    found["payer_key"] = payer.identity if payer and number else ""
    found["claim_key"] = number or ""


def _unpaid_appointment(judged: Judged, today: date) -> None:
    _check_service_day(judged, today)
    judged.need("client", "missing_client")
    for name in ("billed", "ins_billed"):
        if judged.lacks(name):
            judged.cells[name] = _NOTHING


def _payment(judged: Judged, today: date) -> None:
    found = judged.cells
    judged.need("received_on", "missing_date")
    if found["received_on"] and not FIRST_DAY <= found["received_on"] <= today:
        judged.refuse("date_out_of_range")
    judged.need("client", "missing_client")
    judged.need("payer", "missing_payer")
    judged.need("amount", "bad_amount")
    # By name: in another file the columns may stand in another order.
    told = [compared(found[name]) for name in sorted(found) if name != "client"]
    found["line_key"] = (
        None if judged.unread else hashlib.sha256("\x1f".join(told).encode()).hexdigest()
    )


RULES: dict[str, Callable[[Judged, date], None]] = {
    "appointment_status": _appointment,
    "insurance_claims": _claim,
    "unpaid_insurance_appointments": _unpaid_appointment,
    "insurance_payments": _payment,
}
