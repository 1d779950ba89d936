"""Writes appointments and charted procedures, with their notes and treatment-plan links."""

from datetime import date, timedelta

from daysheet.synthetic.amounts import CENT, DOLLAR, to_cent
from daysheet.synthetic.audit import log, log_appointment
from daysheet.synthetic.clock import NEVER, at, stamp
from daysheet.synthetic.codes import Code
from daysheet.synthetic.draws import Random
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Appointment, Person, Procedure

SCHEDULED, COMPLETE, UNSCHEDULED, BROKEN, PLANNED, NOTE, NOTE_DONE = 1, 2, 3, 5, 6, 7, 8
_NO_TIME = f"{NEVER} 00:00:00"
_CONFIRMED = {
    SCHEDULED: (
        "confirm.none",
        "confirm.sent",
        "confirm.yes",
        "confirm.no",
        "confirm.failed",
        "confirm.called",
    ),
    COMPLETE: ("confirm.dismissed",),
    UNSCHEDULED: ("confirm.none",),
    BROKEN: ("confirm.yes", "confirm.none"),
    PLANNED: ("confirm.none",),
    NOTE: ("confirm.none",),
    NOTE_DONE: ("confirm.none",),
}
_PRIORITIES = ("tx.first", "tx.second", "tx.wait")


def book(
    person: Person,
    day: date,
    status: int,
    made: date,
    *,
    hygiene: bool = False,
    planned: int = 0,
) -> int:
    """Write an appointment on ``day``, made on an earlier one; its key."""
    office, rng = person.office, person.rng
    start = 60 * (8 + int(rng.random() * 9)) + 10 * int(rng.random() * 6)
    met = status == COMPLETE and rng.random() < 0.8
    changed = min(max(day, made), office.until)
    nowhere = status in (PLANNED, UNSCHEDULED)
    confirmed = rng.choice(_CONFIRMED[status])
    rooms = office.premises.rooms[person.hygienist if hygiene else person.dentist]
    row = {
        "PatNum": person.key,
        "AptStatus": status,
        "Pattern": "/" + "X" * (10 if hygiene else 16) + "/",
        "PatternSecondary": "XX/" if person.key % 50 == 0 else "",
        "Confirmed": office.defs[confirmed],
        "Op": 0 if nowhere else rooms[person.key % len(rooms)],
        "ProvNum": person.dentist,
        "ProvHyg": person.hygienist if hygiene else 0,
        "AptDateTime": _NO_TIME if status == PLANNED else str(at(day, start)),
        "NextAptNum": planned,
        "UnschedStatus": office.defs["unsched.waiting"] if nowhere else 0,
        "IsNewPatient": int(person.first_visit is None and status == COMPLETE),
        "Assistant": 0 if hygiene else office.premises.employees[person.key % 6],
        "ClinicNum": person.clinic,
        "IsHygiene": int(hygiene and rng.random() < 0.7),
        "DateTStamp": stamp(changed, rng),
        "InsPlan1": person.coverages[0].plan.key if person.coverages else 0,
        "InsPlan2": person.coverages[1].plan.key if len(person.coverages) > 1 else 0,
        "AppointmentTypeNum": (0, *office.premises.types)[person.key % 4],
        "SecUserNumEntry": rng.choice(office.users),
        "SecDateTEntry": stamp(min(made, office.until), rng),
        "Priority": int(status == UNSCHEDULED and rng.random() < 0.3),
    }
    row |= _times(person.desk, day, start, len(row["Pattern"]) * 5, met)
    key = office.drop.add("appointment", **row)
    office.count("appointments by status", status)
    appointment = Appointment(key, person, day, start, status, made, confirmed, row)
    person.appointments.append(appointment)
    log_appointment(office, rng, made, person.key, key)
    if status == BROKEN:
        log(office, rng, "appointment edited", day, patient=person.key, key=key)
    person.changed = max(person.changed, changed)
    return key


def _times(desk: Random, day: date, start: int, minutes: int, met: bool) -> dict[str, str]:
    """When the patient came, sat down and left; midnight or no date when nobody noted it."""
    names = ("DateTimeArrived", "DateTimeSeated", "DateTimeDismissed")
    if not met:
        nothing = _NO_TIME if desk.random() < 0.5 else f"{day} 00:00:00"
        return dict.fromkeys(names, nothing)
    arrived = start - int(desk.random() * 18)
    seated = arrived + 1 + int(desk.random() * 25)
    left = seated + int(minutes * (0.7 + desk.random() * 0.5))
    shown = day - timedelta(days=3) if desk.random() < 0.03 else day  # only the time can be trusted
    times = [str(at(shown, minute)) for minute in (arrived, seated, left)]
    if desk.random() < 0.08:
        times[int(desk.random() * 3)] = f"{day} 00:00:00"
    return dict(zip(names, times, strict=True))


def fee_on(office: Office, code: Code, day: date) -> int:
    """The usual fee as it was on ``day``: three percent less for each year back, whole dollars."""
    years = max((office.until - day).days, 0) / 365.25
    return round(code.fee / DOLLAR / 1.03**years) * DOLLAR


def chart(
    person: Person,
    code: Code,
    day: date,
    status: int,
    appointment: int = 0,
    *,
    planned: date | None = None,
    fee: int | None = None,
    planned_appointment: int = 0,
) -> Procedure:
    """Write a procedure in its final status; completed ones are charged to the account."""
    office, rng = person.office, person.rng
    fee = fee_on(office, code, day) if fee is None else fee
    hygiene = code.text[:2] in ("D1", "D4") or code.text == "D0274"
    provider = person.hygienist if hygiene else person.dentist
    done = status == COMPLETE
    entered = min(planned or day, office.until)
    member_price = to_cent(fee // 5) if person.discount_plan and not done else 0
    key = office.drop.add(
        "procedurelog",
        PatNum=person.key,
        AptNum=appointment,
        ProcDate=day,
        ProcFee=fee,
        Surf=("MO", "B", "DL", "UR", "LL")[int(rng.random() * 5)] if code.area in (1, 4) else "",
        ToothNum=str(2 + int(rng.random() * 29)) if code.area in (1, 2) else "",
        Priority=office.defs[rng.choice(_PRIORITIES)] if planned and rng.random() < 0.6 else 0,
        ProcStatus=status,
        ProvNum=provider,
        Dx=office.defs["dx.caries"] if code.area == 1 else 0,
        PlannedAptNum=planned_appointment,
        DateEntryC=min(day, office.until) if done else entered,
        ClinicNum=person.clinic,
        CodeNum=code.key,
        UnitQty=code.units,
        BaseUnits=code.base_units,
        DateTP=planned or day,
        ProcTime="08:30:00" if done else "00:00:00",
        ProcTimeEnd="09:10:00" if done else "00:00:00",
        DateTStamp=stamp(min(max(day, entered), office.until), rng),
        StatementNum=person.invoiced(0.03) if done else 0,
        IsLocked=int(done and rng.random() < 0.02),
        Discount=5 * DOLLAR if planned and rng.random() < 0.03 else 0,
        SecUserNumEntry=rng.choice(office.users),
        SecDateEntry=stamp(entered, rng),
        DateComplete=min(day, office.until) if done else NEVER,
        TaxAmt=to_cent(fee * 7 // 100) if code.text == "N4104" else 0,
        DiscountPlanAmt=member_price,
    )
    procedure = Procedure(
        key=key,
        person=person,
        day=day,
        code=code,
        fee=fee,
        units=code.units + code.base_units,
        provider=provider,
        clinic=person.clinic,
        status=status,
        planned=planned,
    )
    person.changed = max(person.changed, entered)
    if planned or status in (1, 8):
        person.proposed.append(procedure)
    if done:
        person.account.charge(day, procedure.gross)
        person.procedures.append(procedure)
        log(office, rng, "procedure completed", day, patient=person.key, key=key)
        _write_notes(procedure)
    return procedure


def _write_notes(procedure: Procedure) -> None:
    """Each edit of a note is a further row; the newest is the note."""
    office, rng = procedure.person.office, procedure.person.rng
    versions = (0, 0, 0, 1, 1, 1, 2, 3)[int(rng.random() * 8)]
    for version in range(versions):
        office.drop.add(
            "procnote",
            PatNum=procedure.person.key,
            ProcNum=procedure.key,
            EntryDateTime=office.touched(procedure.day + timedelta(days=version), rng),
            UserNum=rng.choice(office.users),
        )


def odd_fee(fee: int) -> int:
    """A fee with a fraction of a cent, as percentage price rises leave them."""
    return fee + 33 * CENT + 33
