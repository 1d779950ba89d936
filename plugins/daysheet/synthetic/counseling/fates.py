"""What becomes of a claim once it is sent: a story each, told in days, words and amounts."""

from collections.abc import Callable
from datetime import date, timedelta

from daysheet.synthetic.amounts import share
from daysheet.synthetic.counseling.claims import Claim, Line
from daysheet.synthetic.counseling.exports import Exports

PAID, REJECTED, SENT_AGAIN = "paid", "rejected", "rejected, sent again"
# In percent of the claims that are sent.
FATES = {
    PAID: 75,
    "paid in full": 5,
    "paid in part": 1,
    "denied": 2,
    "denied, then paid": 1,
    "denied, then written off": 1,
    REJECTED: 1,
    SENT_AGAIN: 2,
    "deductible": 3,
    "overpaid": 1,
    "taken back": 1,
    "to be paid": 1,
    "more info": 1,
    "undated": 1,
    "no answer": 3,
    "written off": 1,
}


def tell(fate: str, claim: Claim, on: date, exports: Exports) -> None:
    """Let a claim meet its fate, decided around the day ``on``."""
    _STORIES[fate](claim, on, exports)


def _pay(claim: Claim, on: date, percent: int | None = None, *, write_off: bool = True) -> None:
    """The payer pays the same percentage of each visit; the practice writes off the rest."""
    insurer = claim.client.insurer
    assert insurer is not None
    amounts = [share(visit.charge, percent or insurer.covered) for visit in claim.visits]
    claim.lines.append(Line(on, "Paid", amounts))
    for visit, amount in zip(claim.visits, amounts, strict=True):
        visit.insurer_paid.append((on, amount))
        if write_off and amount < visit.charge:
            visit.written_off.append((on, visit.charge - amount))


def _say(claim: Claim, on: date, word: str) -> None:
    """From that day on the claims report has this word."""
    claim.words = [(day, said) for day, said in claim.words if day < on] + [(on, word)]


def _pay_nothing(claim: Claim, on: date, word: str) -> None:
    _say(claim, on, word)
    claim.lines.append(Line(on, word, [0] * len(claim.visits)))


def _is_paid(claim: Claim, on: date, _: Exports) -> None:
    _say(claim, on, "Paid")
    _pay(claim, on)


def _is_paid_in_full(claim: Claim, on: date, _: Exports) -> None:
    _say(claim, on, "Paid")
    _pay(claim, on, 100)


def _is_paid_in_part(claim: Claim, on: date, exports: Exports) -> None:
    """The payer works on the rest. What it paid before the exports began nobody would see."""
    if on <= exports.began:
        _is_paid(claim, on, exports)
    else:
        _say(claim, on, "Pending")
        _pay(claim, on, 50, write_off=False)


def _is_overpaid(claim: Claim, on: date, _: Exports) -> None:
    _say(claim, on, "Paid")
    _pay(claim, on, 110)


def _is_denied(claim: Claim, on: date, _: Exports) -> None:
    _pay_nothing(claim, on, "Denied")


def _is_denied_then_paid(claim: Claim, on: date, exports: Exports) -> None:
    """The payer looks again: its report goes back to Received before it says Paid."""
    again = exports.settles_on(on + timedelta(days=12))
    _pay_nothing(claim, on, "Denied")
    claim.words += [(on + timedelta(days=5), "Received"), (again, "Paid")]
    _pay(claim, again)


def _is_denied_then_written_off(claim: Claim, on: date, exports: Exports) -> None:
    _pay_nothing(claim, on, "Denied")
    _is_written_off(claim, on, exports)


def _is_written_off(claim: Claim, on: date, _: Exports) -> None:
    for visit in claim.visits:
        visit.written_off.append((on + timedelta(days=8), visit.charge))


def _is_rejected(claim: Claim, _: date, __: Exports) -> None:
    _say(claim, claim.sent_on + timedelta(days=2), "Rejected")


def _goes_to_the_deductible(claim: Claim, on: date, exports: Exports) -> None:
    """If that was before the exports began, they show it as the client's charge from the start."""
    _pay_nothing(claim, on, "Deductible")
    for visit in claim.visits:
        if on <= exports.began:
            visit.charge = 0
        else:
            visit.left_to_client_on = on


def _is_taken_back(claim: Claim, on: date, exports: Exports) -> None:
    _is_paid(claim, on, exports)
    back_on = exports.settles_on(on + timedelta(days=13))
    if not exports.began < on < back_on <= exports.payments[-1]:
        return
    claim.words.append((back_on, "Pending"))
    claim.lines.append(Line(back_on, "Paid", [-amount for amount in claim.lines[-1].amounts]))
    for visit in claim.visits:
        visit.insurer_paid += [(back_on, -amount) for _, amount in visit.insurer_paid]
        visit.written_off += [(back_on, -amount) for _, amount in visit.written_off]


def _is_to_be_paid(claim: Claim, on: date, _: Exports) -> None:
    _say(claim, on, "Paid Pending")


def _needs_more_info(claim: Claim, on: date, _: Exports) -> None:
    _say(claim, on - timedelta(days=10), "More Info Required")


def _is_undated(claim: Claim, _: date, __: Exports) -> None:
    """The claims report says it was sent before the visit, which cannot be."""
    claim.is_dated = False


def _is_not_answered(_: Claim, __: date, ___: Exports) -> None:
    """Nothing comes of it."""


_STORIES: dict[str, Callable[[Claim, date, Exports], None]] = {
    PAID: _is_paid,
    "paid in full": _is_paid_in_full,
    "paid in part": _is_paid_in_part,
    "denied": _is_denied,
    "denied, then paid": _is_denied_then_paid,
    "denied, then written off": _is_denied_then_written_off,
    REJECTED: _is_rejected,
    "deductible": _goes_to_the_deductible,
    "overpaid": _is_overpaid,
    "taken back": _is_taken_back,
    "to be paid": _is_to_be_paid,
    "more info": _needs_more_info,
    "undated": _is_undated,
    "no answer": _is_not_answered,
    "written off": _is_written_off,
}
