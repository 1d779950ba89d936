"""What happened to appointments: made, moved, broken, deleted; the deleted live on here only."""

from datetime import date, timedelta

from daysheet.synthetic.chairside import (
    BROKEN,
    COMPLETE,
    NOTE,
    NOTE_DONE,
    PLANNED,
    SCHEDULED,
    UNSCHEDULED,
    book,
)
from daysheet.synthetic.clock import NEVER, ZERO, at, moment, office_day
from daysheet.synthetic.people import Appointment, Circle, Person

_CREATED, _CHANGED, _MISSED, _CANCELLED, _DELETED = range(5)
_NOT_DATED = (PLANNED, NOTE, NOTE_DONE)
_BY_CODE = {"D9986": _MISSED, "D9987": _CANCELLED}
_UNMET = dict.fromkeys(
    ("DateTimeArrived", "DateTimeSeated", "DateTimeDismissed"), f"{NEVER} 00:00:00"
)


def keep_history(circle: Circle) -> None:
    """Write the history of the circle's appointments, of forgotten and of deleted ones."""
    for person in circle.people:
        if person.appointments and person.desk.random() < 0.03:
            _leave_lying(person)
        for appointment in person.appointments:
            _tell(appointment)
        if person.appointments and person.desk.random() < 0.12:
            _forget(person)
    if circle.oddity == "zero dates" and circle.head.appointments:
        _lose_its_day(circle.head.appointments[0])


def _leave_lying(person: Person) -> None:
    """A visit whose day went by and nobody said how, or a note on the calendar."""
    first = person.appointments[0].day
    past = person.office.until - timedelta(days=5 + person.key % 60)
    if first < past:
        status = (SCHEDULED, NOTE_DONE)[person.key % 2]
        book(person, office_day(past), status, past - timedelta(days=20), hygiene=True)


def _tell(appointment: Appointment) -> None:
    """Every step as a copy of the row as it was then."""
    person, day, made = appointment.person, appointment.day, appointment.made
    office, desk = person.office, person.desk
    status = appointment.status
    first = status if status in _NOT_DATED else SCHEDULED
    before = _UNMET | {"AptStatus": first, "Confirmed": office.defs["confirm.none"]}
    dated = status not in _NOT_DATED
    room = office.premises.rooms[person.dentist]
    before["Op"] = appointment.row["Op"] or (room[0] if dated else 0)
    days = _earlier_days(appointment) if dated else []
    appointment.moves = len(days)
    steps = [made, *days]
    for n, entered in enumerate(steps):
        # Until the last move it stood on another day.
        shown = day if n == len(days) else days[n] + timedelta(days=1 + int(desk.random() * 9))
        when = at(shown, appointment.start)
        values = before | ({"AptDateTime": str(when)} if dated else {})
        _write(appointment, entered, _CHANGED if n else _CREATED, values)
    office.count("appointment moves", "all", len(days))
    if dated and desk.random() < 0.12:  # another room or note, same day
        _write(appointment, max(made, day - timedelta(days=1)), _CHANGED, before)
    if status == BROKEN:
        action = _BY_CODE.get(appointment.broken_by)
        if action is None:
            action = (_MISSED, _CANCELLED, _CHANGED)[int(desk.random() * 3)]
        office.count("broken appointments by last action", action)
        _write(appointment, day, action, {})
    elif status == UNSCHEDULED or (status == COMPLETE and desk.random() < 0.6):
        _write(appointment, min(day, office.until), _CHANGED, {})


def _earlier_days(appointment: Appointment) -> list[date]:
    """When it was moved, in order; most never are."""
    desk, until = appointment.person.desk, appointment.person.office.until
    last = min(appointment.day, until)
    span = (last - appointment.made).days
    moves = (0,) * 17 + (1, 1, 2)
    count = moves[int(desk.random() * 20)]
    if span < 4 * count:
        return []
    return sorted(
        appointment.made + timedelta(days=1 + int(desk.random() * (span - 1))) for _ in range(count)
    )


def _write(
    appointment: Appointment, day: date, action: int, values: dict[str, int | str], source: int = 0
) -> None:
    office, desk = appointment.person.office, appointment.person.desk
    when = moment(min(day, office.until), desk)
    office.drop.add(
        "histappointment",
        HistUserNum=office.users[int(desk.random() * 9)] if source == 0 else 0,
        HistDateTStamp=when,
        HistApptAction=action,
        ApptSource=source,
        AptNum=appointment.key,
        **appointment.row | values | {"DateTStamp": when},
    )
    office.count("appointment history by action", action)


def _forget(person: Person) -> None:
    """An appointment that was made and deleted: nothing is left but its history."""
    office, desk = person.office, person.desk
    model = person.appointments[int(desk.random() * len(person.appointments))]
    made = min(model.made, office.until)
    day = made + timedelta(days=3 + int(desk.random() * 60))
    gone = min(made + timedelta(days=1 + int(desk.random() * 40)), office.until)
    lost = Appointment(
        key=office.drop.next_key("appointment"),
        person=person,
        day=day,
        start=9 * 60,
        status=SCHEDULED,
        made=made,
        confirmed="confirm.none",
        row=model.row
        | _UNMET
        | {"AptStatus": SCHEDULED, "AptDateTime": str(at(day, 9 * 60)), "NextAptNum": 0},
    )
    source = 5 if desk.random() < 0.2 else 0
    _write(lost, made, _CREATED, {}, source)
    if desk.random() < 0.3:
        _write(lost, made, _CHANGED, {})
    _write(lost, gone, _DELETED, {})
    office.count("appointments by status", "deleted")


def _lose_its_day(appointment: Appointment) -> None:
    """A copy that is broken or scheduled on no day, as a crash left it."""
    office = appointment.person.office
    for status, day in ((BROKEN, ZERO), (SCHEDULED, NEVER)):
        nothing = f"{day} 00:00:00"
        values = {"AptStatus": status, "AptDateTime": nothing, "NextAptNum": 0}
        office.drop.add("appointment", **appointment.row | _UNMET | values)
        office.count("appointments by status", status)
