"""Where one visit stands at the desk after all exports, step by step as the practice told it.

Told from the story, export by export: nothing is read back, and no rule is shared with the desk.
"""

from dataclasses import dataclass
from datetime import date

from daysheet.synthetic.counseling.claims import Claim, Line
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.visits import LOCKED, Visit

_SENT = ("submitted", "pending", "approved")
_NOT_SENT = ("completed", "documented", "ready_to_bill")


@dataclass(slots=True)
class Standing:
    """One session as the desk has it; money in ten-thousandths of a dollar."""

    status: str
    charge: int = 0
    paid_reported: int = 0
    written_off: int = 0
    posted: int | None = None
    transferred: int = 0
    claim: Claim | None = None
    first_sent: date | None = None
    paid_on: date | None = None
    first_outcome: str | None = None

    @property
    def paid(self) -> int:
        """What was posted if anything was, else what the export says."""
        return self.paid_reported if self.posted is None else self.posted

    @property
    def balance(self) -> int:
        """What the insurer owes; negative is a credit."""
        return self.charge - self.paid - self.written_off - self.transferred

    @property
    def in_ar(self) -> bool:
        """Whether an insurer was sent it and owes an answer or money."""
        rejected = self.status == "ready_to_bill" and self.first_sent is not None
        return self.status in (*_SENT, "denied") or rejected

    @property
    def is_unbilled(self) -> bool:
        """Whether an insurer should have been sent it."""
        return self.status in _NOT_SENT and self.first_sent is None and self.charge > 0

    def is_shown(self, visit: Visit, day: date, *, lists_notes: bool) -> None:
        """An appointment report shows the visit again."""
        self.charge, self.paid_reported = visit.charge_on(day), visit.paid_by(day)
        self.written_off = visit.written_off_by(day)
        if self.status == "scheduled" and visit.day <= day:
            self.status = "completed"
        owed = visit.owed_on(day)
        if self.status == "scheduled":
            return
        if owed <= 0 and self.paid_reported > 0:
            if self.status in (*_NOT_SENT, *_SENT, "denied") and self.balance <= 0:
                self.status = "paid"
        elif owed <= 0 and self.charge > 0 and (self.in_ar or self.is_unbilled):
            self.status = "written_off"
        elif not self.charge and self.status in _NOT_SENT:
            self.status = "client_responsibility"
        elif self.status == "completed" and lists_notes and visit.note_on(day) == LOCKED:
            self.status = "documented"

    def is_on(self, claim: Claim) -> None:
        """The report of unpaid visits ties it to a claim, which proves that it was sent."""
        if claim is not self.claim and self.status in _NOT_SENT:
            self.status = "submitted"
        self.claim = claim

    def is_said(self, word: str, dated: date | None) -> None:
        """The claims report says this of its claim."""
        self.first_sent = self.first_sent or dated
        if word in ("Pending", "Accepted", "More Info Required") and self.status == "submitted":
            self.status = "pending"
        elif word in ("Paid", "Paid Pending") and self.status in ("submitted", "pending"):
            if self.posted is None:
                self._is_decided("approved")
                self.status = "approved"
        elif word == "Rejected" and self.status in ("submitted", "pending"):
            self.status = "ready_to_bill"
        elif word in ("Denied", "Deductible"):
            self._is_refused(word)

    def gets(self, line: Line, amount: int) -> None:
        """A payment report has a line of its claim; ``amount`` is its part of it."""
        if line.word != "Paid":
            self._is_refused(line.word)
            return
        self.posted = (self.posted or 0) + amount
        if amount < 0:
            if self.status == "paid":
                self.status, self.paid_on = "pending", None
            return
        self._is_decided("paid")
        self.paid_on = line.on
        if self.balance <= 0:
            self.status = "paid"
        elif self.status == "submitted":
            self.status = "pending"

    def _is_refused(self, word: str) -> None:
        if word == "Denied" and self.status in _SENT:
            self._is_decided("denied")
            self.status = "denied"
        elif word == "Deductible" and self.status in (*_SENT, "denied"):
            self._is_decided("patient")
            self.transferred = max(self.balance, 0)
            self.status = "client_responsibility"

    def _is_decided(self, outcome: str) -> None:
        self.first_outcome = self.first_outcome or outcome


def first_standing(visit: Visit, day: date, *, lists_notes: bool) -> Standing:
    """What a visit is taken for when an appointment report shows it for the first time."""
    standing = Standing("scheduled")
    if visit.day <= day and visit.paid_by(day) > 0:
        standing.status = "paid" if visit.owed_on(day) <= 0 else "pending"
    standing.is_shown(visit, day, lists_notes=lists_notes)
    return standing


def standing_of(
    visit: Visit, claims: list[Claim], exports: Exports, notes_since: date
) -> tuple[Standing, int]:
    """Live through all exports; also how often a claim was told of an unknown visit.

    ``notes_since`` is the first day whose appointment report has notes.
    """
    standing, waiting, refused = None, None, 0
    for day in sorted({*exports.appointments, *exports.claims, *exports.payments}):
        if day in exports.appointments and visit.is_shown(day, exports) and visit.garbled_on != day:
            notes = day >= notes_since
            if standing is None:
                standing = first_standing(visit, day, lists_notes=notes)
            else:
                standing.is_shown(visit, day, lists_notes=notes)
            if waiting:  # what was told too early is tried again
                standing.is_on(waiting)
                _read_claims(standing, day, exports)
                waiting = None
        elif day in exports.claims:
            claim = owed_claim(visit, claims, day)
            if claim and standing:
                standing.is_on(claim)
            elif claim:
                waiting, refused = claim, refused + 1
            if standing:
                _read_claims(standing, day, exports)
        elif day in exports.payments and standing and standing.claim:
            _read_payments(standing, visit, day, exports)
    assert standing is not None, "a visit no report shows"
    return standing, refused


def owed_claim(visit: Visit, claims: list[Claim], day: date) -> Claim | None:
    """The claim by which that day's report of unpaid visits lists a visit, if it does."""
    if visit.owed_on(day) <= 0 or (visit.left_to_client_on and visit.left_to_client_on <= day):
        return None
    on = [claim for claim in claims if visit in claim.visits and claim.is_current(day)]
    return on[0] if on else None


def _read_claims(standing: Standing, day: date, exports: Exports) -> None:
    """Apply the newest claims report up to ``day`` that has the session's claim."""
    claim = standing.claim
    if claim is None:
        return
    for told in reversed([told for told in exports.claims if told <= day]):
        if exports.has_claim(told, claim.sent_on):
            dated = claim.sent_on if claim.is_dated else None
            standing.is_said(claim.word_on(told), dated)
            return


def _read_payments(standing: Standing, visit: Visit, day: date, exports: Exports) -> None:
    assert standing.claim is not None
    n = next(n for n, one in enumerate(standing.claim.visits) if one is visit)
    for line in standing.claim.lines:
        told = [each for each in exports.payments if exports.has_payment(each, line.on)]
        if told[:1] == [day]:  # what later reports repeat is no news
            standing.gets(line, line.amounts[n])
