"""Money that moves: prepayments, income transfers, refunds, and the odd rows of old systems."""

from datetime import date, timedelta

from daysheet.synthetic.adjustments import write_adjustment
from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.chairside import COMPLETE, chart
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.clock import NEVER, ZERO
from daysheet.synthetic.people import Circle, Person, Procedure
from daysheet.synthetic.receipts import TRANSFER, Split, write_payment

_OLD = date.min  # what 0001-01-01 and 0000-00-00 count as


def move_money(desk: Desk, circle: Circle) -> None:
    """Write the circle's oddity where it is one of money, and now and then an ordinary transfer."""
    head, oddity = circle.head, circle.oddity
    done = [p for p in head.procedures if p.status == COMPLETE and p.gross > 0]
    if len(done) > 1 and (circle.rng.random() < 0.04 or oddity == "prepayment"):
        _reassign(desk, head, done[0])
    match oddity:
        case "prepayment":
            _prepay(desk, head, "unearned.prepay", done[:1])
        case "hidden prepayment":
            used = done[:1] if circle.number % 2 else []
            _prepay(desk, head, "unearned.treatplan", used)
        case "refund":
            _refund(desk, head)
        case "split elsewhere" | "transfer elsewhere" if len(circle.families) > 1:
            _cross(desk, head, circle.families[1].head, oddity == "transfer elsewhere")
        case "future rows":
            _postdate(desk, head, done)
        case "sentinel days" | "zero dates":
            _convert(head, NEVER if oddity == "sentinel days" else ZERO)
        case "preauthorization":  # a discount promised before the work is done
            for procedure in [p for p in head.procedures if p.status == 1][:1]:
                promised = -25 * DOLLAR
                write_adjustment(head, "adj.treatplan", promised, procedure.day, procedure)
        case "negative fee":
            code = head.office.codes["D2950"]
            chart(head, code, _early(head), COMPLETE, fee=-35 * DOLLAR)
        case "deleted" | "deceased":
            amount = 45 * DOLLAR + 10 * CENT
            gone = circle.people[-1] if oddity == "deleted" else head
            write_adjustment(gone, "adj.billing", amount, _early(gone))


def _early(person: Person) -> date:
    began = max(person.joined, person.office.start)
    return began + (person.office.until - began) / 2


def _prepay(desk: Desk, person: Person, kind: str, used: list[Procedure]) -> None:
    """Pay ahead; later the money moves from unearned to the work done."""
    amount = 150 * DOLLAR
    day = _early(person)
    ahead = Split(person, amount, unearned=kind)
    write_payment(desk, person, day, "pay.check", [ahead])
    later = max([day, *(procedure.day for procedure in used)]) + timedelta(days=2)
    if used and later <= person.office.until:
        taken = Split(person, -amount, unearned=kind)
        given = Split(person, amount, used[0])
        write_payment(desk, person, later, TRANSFER, [taken, given])


def _reassign(desk: Desk, person: Person, procedure: Procedure) -> None:
    """Move income from one provider to another; the splits sum to nothing."""
    day = min(procedure.day + timedelta(days=33), person.office.until)
    amount = share(procedure.gross, 25)
    splits = [
        Split(person, -amount, procedure),
        Split(person, amount, provider=person.office.entity),
    ]
    write_payment(desk, person, day, TRANSFER, splits)


def _refund(desk: Desk, person: Person) -> None:
    day = _early(person)
    amount = 62 * DOLLAR + 40 * CENT
    write_payment(desk, person, day, "pay.check", [Split(person, amount)])
    back = min(day + timedelta(days=25), person.office.until)
    write_payment(desk, person, back, "pay.refund", [Split(person, -amount)])


def _cross(desk: Desk, payer: Person, other: Person, transfer: bool) -> None:
    """Money for somebody of another family."""
    amount, day = 88 * DOLLAR + 80 * CENT, _early(payer)
    if transfer:
        splits = [Split(payer, -amount), Split(other, amount)]
        write_payment(desk, payer, day, TRANSFER, splits)
    else:
        splits = [Split(payer, amount), Split(other, amount)]
        write_payment(desk, payer, day, "pay.cash", splits)


def _postdate(desk: Desk, person: Person, done: list[Procedure]) -> None:
    """Rows dated after the export: a discount on past work, a check to be cashed later."""
    ahead = person.office.until + timedelta(days=12)
    for procedure in done[-1:]:
        off = -share(procedure.gross, 10)
        write_adjustment(person, "adj.courtesy", off, ahead, procedure)
    write_adjustment(person, "adj.late", 15 * DOLLAR, ahead)
    write_payment(desk, person, ahead, "pay.check", [Split(person, 30 * DOLLAR)])


def _convert(person: Person, text: str) -> None:
    """Balances brought over from an older system without a day."""
    amount = 210 * DOLLAR + 5 * CENT
    write_adjustment(person, "adj.forward", amount, _OLD, day_text=text)
    if text == NEVER:
        chart(person, person.office.codes["D0140"], _OLD, COMPLETE, fee=60 * DOLLAR)
