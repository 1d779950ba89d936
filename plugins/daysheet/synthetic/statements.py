"""Statements of families: who is told what they owe, month by month, as their account stood."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR, to_cent
from daysheet.synthetic.clock import moment, stamp
from daysheet.synthetic.mailroom import MAIL, log_contact, send_email, send_text
from daysheet.synthetic.people import Circle, Person

_MAIL, _IN_PERSON, _EMAIL, _ELECTRONIC = range(4)
_PROCEDURE, _ADJUSTMENT, _PLAN_CHARGE = range(3)
_LEAST = 5 * DOLLAR  # less is not asked for
_LINES = 9


@dataclass(slots=True)
class Debtor:
    """A guarantor, whom they pay for, and the statements that were sent."""

    person: Person
    members: list[Person]
    notices: list["Notice"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Notice:
    """A statement sent: its day, what was owed beyond insurance, how many in a row."""

    key: int
    day: date
    due: int
    number: int


def debtors(circle: Circle) -> list[Debtor]:
    """The circle's families by who owes."""
    members: dict[int, list[Person]] = {}
    for person in circle.people:
        members.setdefault(person.guarantor.key, []).append(person)
    return [
        Debtor(person, members[person.key]) for person in circle.people if person.key in members
    ]


def ask(circle: Circle, debtor: Debtor) -> None:
    """Write a family's statements: monthly while something is owed beyond insurance."""
    person, office, desk = debtor.person, debtor.person.office, debtor.person.desk
    entries = sorted(
        entry for member in debtor.members for entry in member.account.booked() if entry[1]
    )
    waits = [wait for member in debtor.members for wait in member.account.waits]
    if not entries:
        return
    balance, position, unpaid, last = 0, 0, 0, office.start
    for day in _billing_days(person):
        while position < len(entries) and entries[position][0] <= day:
            balance += entries[position][1]
            position += 1
        if balance < _LEAST:
            unpaid = 0
            continue
        pending = sum(amount for begun, ended, amount in waits if begun <= day < ended)
        if balance - pending < _LEAST:
            continue
        unpaid += 1
        if (unpaid > 6 and unpaid % 4) or desk.random() < 0.1:
            continue
        key = _write(circle, debtor, day, last, owed=(balance, pending))
        if key:
            debtor.notices.append(Notice(key, day, balance - pending, unpaid))
            if desk.random() < 0.01:  # printed a second time
                _write(circle, debtor, day, day, owed=(balance, pending))
            last = day
    for member in debtor.members:
        _receipts_and_invoices(member)


def _billing_days(person: Person) -> list[date]:
    office, cycle = person.office, person.key % 28 + 1
    first = max(person.joined, office.start)
    year, month, days = first.year, first.month, []
    while (day := date(year, month, cycle)) <= office.until:
        if day >= first:
            days.append(day)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return days


def _write(circle: Circle, debtor: Debtor, day: date, last: date, *, owed: tuple[int, int]) -> int:
    """One statement, of ``owed``: in all and by insurance; its key when it was sent."""
    person, desk = debtor.person, debtor.person.desk
    office = person.office
    sent = desk.random() > 0.03
    mode = _EMAIL if person.has_email and desk.random() < 0.5 else _MAIL
    if desk.random() < 0.2:
        mode = (_IN_PERSON, _ELECTRONIC)[desk.random() < 0.8]
    valid = day >= office.start + (office.until - office.start) / 8  # earlier versions kept none
    others = [member for member in debtor.members if member is not person]
    alone = bool(others) and desk.random() < 0.03
    grouped = len(circle.families) > 1 and desk.random() < 0.1
    texted = sent and person.has_phone and desk.random() < 0.15 and day >= office.messages_since
    document = 0
    if sent and desk.random() < 0.15:
        document = office.drop.add(
            "document",
            DateCreated=stamp(day, desk),
            DocCategory=office.defs["image.eob"],
            PatNum=person.key,
            FileName=f"statement{person.key}-{day}.pdf",
            DateTStamp=stamp(day, desk),
        )
    key = office.drop.add(
        "statement",
        PatNum=others[0].key if alone else person.key,
        SuperFamily=circle.families[0].head.key if grouped else 0,
        DateSent=day,
        DateRangeFrom=last - timedelta(days=30),
        DateRangeTo="2200-01-01" if desk.random() < 0.3 else day,
        Mode_=mode,
        SinglePatient=int(alone),
        IsSent=int(sent),
        DocNum=document,
        DateTStamp=stamp(day, desk),
        IsBalValid=int(valid),
        InsEst=to_cent(owed[1]) if valid else 0,
        BalTotal=to_cent(owed[0]) if valid else 0,
        StatementType="NotSet",
        SmsSendStatus=(3, 3, 5, 4)[int(desk.random() * 4)] if texted else 0,
    )
    office.count("statements", "sent" if sent else "not sent")
    if sent:
        office.count("statements sent by mode", mode)
        _itemize(debtor, key, last, day)
        _tell(person, day, mode, texted)
    return key if sent else 0


def _itemize(debtor: Debtor, statement: int, last: date, day: date) -> None:
    """The charges since the last statement, and the late charge one of them brought."""
    lines: list[tuple[int, int]] = []
    late = 0
    for member in debtor.members:
        lines += [
            (_PROCEDURE, p.key) for p in member.procedures if p.status == 2 and last < p.day <= day
        ]
        for fee in member.fees:
            if last < fee.day <= day:
                lines.append((_ADJUSTMENT, fee.key))
            elif fee.kind == "adj.late" and day < fee.day <= day + timedelta(days=31):
                late = fee.key
        lines += [(_PLAN_CHARGE, key) for on, key in member.plan_charges if last < on <= day]
    for kind, key in lines[:_LINES]:
        debtor.person.office.drop.add(
            "statementprod", StatementNum=statement, FKey=key, ProdType=kind, LateChargeAdjNum=late
        )
        late = 0


def _tell(person: Person, day: date, mode: int, texted: bool) -> None:
    office, desk = person.office, person.desk
    when = moment(day, desk)
    if mode == _EMAIL:
        state = 17 if desk.random() < 0.02 else 1
        words = {"subject": "Your statement", "body": "Your statement is attached."}
        send_email(office, person, when, "Statement", **words, state=state)
    if texted:
        send_text(office, person, when, 11, "Your statement is ready.")
    if mode == _MAIL and desk.random() < 0.2:
        user = office.users[person.key % 5]
        log_contact(office, person, when, "comm.money", "Statement sent.", mode=MAIL, user=user)


def _receipts_and_invoices(person: Person) -> None:
    """Receipts at the desk, invoices of chosen charges, statements of a few items."""
    office, desk = person.office, person.desk
    for receipt in person.receipts:
        if receipt.amount > 0 and receipt.day <= office.until and desk.random() < 0.05:
            key = _small(person, receipt.day, IsReceipt=1, Mode_=_IN_PERSON)
            office.drop.add("stmtlink", StatementNum=key, StmtLinkType=1, FKey=receipt.key)
            office.count("statements", "receipts")
    done = [procedure for procedure in person.procedures if procedure.status == 2]
    if person.invoice:
        day = max([p.day for p in done if p.day <= office.until], default=office.until)
        key = _small(person, day, StatementNum=person.invoice, IsInvoice=1, SinglePatient=1)
        links = [(0, p.key) for p in done[-2:]] + [(2, fee.key) for fee in person.fees[:1]]
        for kind, item in links:
            office.drop.add("stmtlink", StatementNum=key, StmtLinkType=kind, FKey=item)
        office.count("statements", "invoices")
    elif done and desk.random() < 0.03:
        day = min(done[-1].day + timedelta(days=20), office.until)
        limited = {"StatementType": "LimitedStatement"}
        key = _small(person, day, **limited, BalTotal=to_cent(done[-1].gross), IsBalValid=1)
        office.drop.add("stmtlink", StatementNum=key, StmtLinkType=0, FKey=done[-1].key)
        office.count("statements", "limited")


def _small(person: Person, day: date, **values: int | str) -> int:
    """A document of one day."""
    office = person.office
    on = max(day, office.start)
    return office.drop.add(
        "statement",
        **{
            "PatNum": person.key,
            "DateSent": on,
            "DateRangeFrom": on,
            "DateRangeTo": on,
            "IsSent": 1,
            "StatementType": "NotSet",
            "DateTStamp": stamp(on, person.desk),
        }
        | values,
    )
