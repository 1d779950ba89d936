"""The calendar: working hours in blocks, rooms they are in, blocked time, holidays."""

from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.clock import stamp
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.office import Office

PRACTICE, PROVIDER, BLOCKOUT, EMPLOYEE, ASAP = range(5)
_OPEN, _HOLIDAY = 0, 2
_NOON = 12 * 60
_AHEAD = timedelta(days=60)
_HOLIDAYS = ((1, 1), (7, 4), (12, 25))

Block = tuple[int, int]  # minutes after midnight
_HALVES: list[Block] = [(480, _NOON), (780, 1020)]
_NESTED: list[Block] = [(480, 1020), (540, 600), (900, 1080)]  # one inside, one across the end
_DAYS = (_HALVES, _HALVES, _HALVES, [(480, 1020)], _NESTED, [(480, _NOON)])


@dataclass(frozen=True, slots=True)
class _Worker:
    """A provider and when they do not work."""

    key: int
    free: int  # weekday
    rooms: list[int]
    away: int  # ISO week modulo 26


def write_schedules(office: Office) -> None:
    """Write schedules from the first day to two months after the export."""
    rng = stream(office.seed, "schedules of days")
    rooms = office.premises.rooms
    workers = [
        _Worker(key, 2 if n % 3 == 0 else 4 if n % 3 == 1 else 6, rooms[key], n % 26)
        for n, key in enumerate([*office.dentists, *office.hygienists])
    ]
    day = office.start
    while day <= office.until + _AHEAD:
        if day.weekday() < 5:
            _write_day(office, rng, day, workers)
        day += timedelta(days=1)


def _write_day(office: Office, rng: Random, day: date, workers: list[_Worker]) -> None:
    holiday = (day.month, day.day) in _HOLIDAYS
    if holiday or day.timetuple().tm_yday % 91 == 0:  # one clinic closes a day each quarter
        clinic = 0 if holiday else office.clinics[1]
        _add(office, rng, day, (0, 0), SchedType=PRACTICE, Status=_HOLIDAY, ClinicNum=clinic)
        office.count("holidays", "practice" if holiday else "one clinic")
    for worker in workers:
        away = day.isocalendar().week % 26 == worker.away
        # Hours entered before the holiday was known stay.
        if worker.free == day.weekday() or away or (holiday and rng.random() < 0.7):
            continue
        _write_worker(office, rng, day, worker)
    for n, employee in enumerate(office.premises.employees[:3]):
        if n != day.weekday() % 3:
            _add(office, rng, day, (465, 1035), SchedType=EMPLOYEE, EmployeeNum=employee)
    if day.weekday() == 1:
        two = workers[0].rooms + workers[1].rooms
        _close(office, rng, day, "block.closed", block=(480, 540), rooms=two)
    if day.weekday() == 3:
        _close(office, rng, day, "block.urgent", block=(600, 660), rooms=workers[0].rooms)
        _add(office, rng, day, (600, 660), SchedType=ASAP)
    if day.day == 9:
        _close(office, rng, day, "block.lunch", block=(_NOON, 780), rooms=workers[-1].rooms)
        _add(office, rng, day, (0, 0), SchedType=PRACTICE)  # a note on the day


def _write_worker(office: Office, rng: Random, day: date, worker: _Worker) -> None:
    blocks = _DAYS[int(rng.random() * len(_DAYS))]
    if rng.random() < 0.01:
        blocks = [*blocks, (_NOON, _NOON)]  # begins when it ends
    travels = worker.key == office.dentists[0] and day.weekday() == 0
    elsewhere = office.premises.rooms[office.dentists[1]][:1]
    for n, block in enumerate(blocks):
        key = _add(office, rng, day, block, SchedType=PROVIDER, ProvNum=worker.key)
        linked = worker.rooms if rng.random() < 0.4 else []
        if travels:  # the afternoon in the other clinic
            linked = elsewhere if n == 1 else worker.rooms
        for room in linked:
            office.drop.add("scheduleop", ScheduleNum=key, OperatoryNum=room)
    office.count("minutes scheduled by provider", worker.key, covered(blocks))


def _close(
    office: Office, rng: Random, day: date, kind: str, *, block: Block, rooms: list[int]
) -> None:
    key = _add(office, rng, day, block, SchedType=BLOCKOUT, BlockoutType=office.defs[kind])
    for room in rooms:
        office.drop.add("scheduleop", ScheduleNum=key, OperatoryNum=room)
    office.count("blockouts", kind.removeprefix("block."))


def _add(office: Office, rng: Random, day: date, block: Block, **values: int) -> int:
    start, stop = (f"{minute // 60:02d}:{minute % 60:02d}:00" for minute in block)
    changed = min(max(day - timedelta(days=30), office.start), office.until)
    return office.drop.add(
        "schedule",
        SchedDate=day,
        StartTime=start,
        StopTime=stop,
        DateTStamp=stamp(changed, rng),
        **values,
    )


def covered(blocks: list[Block]) -> int:
    """Minutes in any of the blocks, each once."""
    total = end = 0
    for start, stop in sorted(blocks):
        total += max(stop - max(start, end), 0)
        end = max(end, stop)
    return total
