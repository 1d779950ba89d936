"""What is done about money owed: calls and the promises made in them, tasks, the agency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.amounts import CENT, DOLLAR, share
from daysheet.synthetic.clock import moment, office_day
from daysheet.synthetic.mailroom import PHONE, RECEIVED, SENT, TEXT, log_contact, send_text
from daysheet.synthetic.people import Circle
from daysheet.synthetic.statements import Debtor, Notice, ask, debtors
from daysheet.synthetic.tasks import PATIENT, Job, write_task

PLACED, PARTLY, IN_FULL, SUSPENDED, REINSTATED, CANCELLED = 4, 5, 3, 8, 7, 0
_CREDIT, _DEBIT, _AGGREGATE, _EXCLUDED, _NOT_SENT = 1, 2, 9, 10, -1
_FREE = 150 * DOLLAR  # less is not given to the agency


@dataclass(frozen=True, slots=True)
class _Money:
    """What a family paid: by day, and the split it came with."""

    day: date
    amount: int
    key: int


def collect(circle: Circle) -> None:
    """Send the circle's statements and do what follows when they are not paid."""
    for debtor in debtors(circle):
        ask(circle, debtor)
        if not debtor.notices:
            continue
        paid = sorted(
            (
                _Money(receipt.day, receipt.amount, receipt.key)
                for member in debtor.members
                for receipt in member.receipts
            ),
            key=lambda money: (money.day, money.key),
        )
        for notice in debtor.notices:
            if notice.number > 1 and debtor.person.desk.random() < 0.4:
                _call(debtor, notice, paid)
            if notice.number in (3, 5) and debtor.person.desk.random() < 0.5:
                _assign(debtor, notice, paid)
        _place(debtor, paid)


def _after(paid: Iterable[_Money], day: date, days: int) -> list[_Money]:
    end = day + timedelta(days=days)
    return [money for money in paid if day <= money.day <= end and money.amount > 0]


def _call(debtor: Debtor, notice: Notice, paid: list[_Money]) -> None:
    """A contact about a statement; promises are kept by what was really paid, or broken."""
    person, desk = debtor.person, debtor.person.desk
    office = person.office
    day = office_day(notice.day + timedelta(days=8 + int(desk.random() * 9)))
    if day > office.until:
        return
    coming, roll = _after(paid, day, 28), desk.random()
    note, outcome = f"Left a message about the balance of {_shown(notice.due)}.", "none"
    if coming and roll < 0.6:
        kept = coming[0]
        by = kept.day + timedelta(days=int(desk.random() * 4))
        note, outcome = _promise(desk.random(), kept.amount, by), "kept"
    elif not coming and roll < 0.5:
        by = day + timedelta(days=7 + int(desk.random() * 14))
        amount = share(notice.due, (100, 50, 25)[int(desk.random() * 3)])
        note = _promise(desk.random(), amount, by)
        outcome = "broken" if by < office.until - timedelta(days=5) else "open"
    elif roll < 0.7:
        note = "Will pay the rest when insurance answers."
    office.count("promises", outcome)
    received, text = desk.random() < 0.3, desk.random() < 0.15 and person.has_phone
    kind = "comm.money"
    if desk.random() < 0.1:
        kind = ("comm.oldmoney", "comm.call")[int(desk.random() * 2)]
    when = moment(day, desk)
    log_contact(
        office,
        person if desk.random() < 0.9 else debtor.members[-1],
        when,
        kind,
        note,
        mode=TEXT if text else PHONE,
        direction=RECEIVED if received else SENT,
        user=office.users[int(desk.random() * 5)],
        minutes=0 if text else int(desk.random() * 14),
    )
    if text and not received:
        send_text(office, person, when, 1, note)


def _promise(style: float, amount: int, by: date) -> str:
    """The ways a promise is typed: with day and amount, or without one of them."""
    amount = max(amount, CENT)
    if style < 0.55:
        return f"will pay {_shown(amount)} by {by}"
    if style < 0.75:
        return f"Promised {_shown(amount)} on {by.month}/{by.day}/{by.year}, balance after that."
    if style < 0.85:
        return f"says {_shown(amount)} will be paid by {by.month}/{by.day}"
    return f"will pay {_shown(amount)} soon" if style < 0.95 else f"promises to pay by {by}"


def _shown(amount: int) -> str:
    return f"${amount // DOLLAR}.{amount // CENT % 100:02d}"


def _assign(debtor: Debtor, notice: Notice, paid: list[_Money]) -> None:
    """A collection task, done when money came."""
    person, desk = debtor.person, debtor.person.desk
    office = person.office
    made = office_day(notice.day + timedelta(days=3))
    if made > office.until:
        return
    where = office.premises.task_lists["overdue" if notice.number > 3 else "second"]
    text = f"Balance {_shown(notice.due)}, {notice.number} statements. Call."
    if desk.random() < 0.15:  # outside the lists, known by its words only
        where, text = office.premises.inboxes[1], "Past due balance, collection call please"
    coming = _after(paid, made, 60)
    takes = (coming[0].day - made).days + 1 if coming else 30 if desk.random() < 0.5 else -1
    job = Job(where, PATIENT, person.key, text, takes, "task.urgent")
    reminder = 14 if desk.random() < 0.3 else 0
    office.count("collection tasks", "done" if takes >= 0 else "open")
    write_task(office, desk, moment(made, desk), job, reminder=reminder)


def _place(debtor: Debtor, paid: list[_Money]) -> None:
    """Give an old debt to the agency; what happens to it there."""
    person, desk = debtor.person, debtor.person.desk
    office = person.office
    late = [n for n in debtor.notices if n.number >= 6 and n.due >= _FREE]
    if not late or desk.random() < 0.5:
        return
    notice = late[0]
    placed = office_day(notice.day + timedelta(days=12))
    if placed > office.until:
        return
    person.billing = ("bill.collect", "bill.collect", "bill.collectemail")[int(desk.random() * 3)]
    office.count("families given to the agency", "all")
    owed = notice.due
    _message(debtor, placed, PLACED, owed, owed)
    if desk.random() < 0.1:  # rows that are no message
        _message(debtor, placed, _AGGREGATE, owed, owed)
        _message(debtor, placed, _NOT_SENT, 0, owed)
    last = placed
    for money in _after(paid, placed, 3650)[:4]:
        if money.day > office.until:
            continue
        owed -= money.amount
        kind = IN_FULL if owed <= 0 else PARTLY
        _message(debtor, money.day, kind, money.amount, max(owed, 0), split=money.key)
        last = money.day
        if owed <= 0:
            break
    if owed > 0 and desk.random() < 0.6:
        ends = (
            (SUSPENDED,),
            (SUSPENDED, REINSTATED),
            (SUSPENDED, REINSTATED),
            (CANCELLED,),
            (_DEBIT,),
            (_CREDIT, _EXCLUDED),
        )
        for n, kind in enumerate(ends[int(desk.random() * len(ends))]):
            day = office_day(last + timedelta(days=40 * (n + 1)))
            if day <= office.until:
                _message(debtor, day, kind, 0, owed)


def _message(
    debtor: Debtor, day: date, kind: int, amount: int, balance: int, *, split: int = 0
) -> None:
    person, desk = debtor.person, debtor.person.desk
    office = person.office
    office.count("messages to the agency by type", kind)
    office.drop.add(
        "tsitranslog",
        PatNum=person.key,
        UserNum=office.users[1],
        TransType=kind,
        TransDateTime=moment(day, desk),
        ServiceType=(0, 0, 1, 2)[int(desk.random() * 4)],
        ServiceCode=int(desk.random() * 3) if kind == PLACED else 0,
        TransAmt=amount,
        AccountBalance=balance,
        FKeyType=4 if split else -1,
        FKey=split,
        ClinicNum=person.clinic,
    )
