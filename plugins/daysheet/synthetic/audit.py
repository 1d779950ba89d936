"""The audit trail: one row and one hash per action, and the log of appointments made."""

from datetime import date

from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.draws import Random
from daysheet.synthetic.office import Office

# What happened -> EnumPermType
ACTIONS = {
    "procedure completed": 23,
    "payment created": 15,
    "appointment created": 25,
    "appointment edited": 27,
    "insurance payment created": 36,
    "logged on": 83,
    "claim sent": 104,
    "patient created": 106,
    "adjustment created": 17,
}
_NO_TIME = f"{NEVER} 00:00:00"


def log(
    office: Office,
    rng: Random,
    action: str,
    day: date,
    *,
    patient: int = 0,
    key: int = 0,
    source: int = 0,
) -> None:
    """Write an audit row for ``action`` on ``day`` (on the object ``key``), and its hash."""
    day = min(day, office.until)
    edited = action == "appointment edited"
    row = office.drop.add(
        "securitylog",
        PermType=ACTIONS[action],
        UserNum=rng.choice(office.users) if source == 0 else 0,
        LogDateTime=stamp(day, rng),
        LogText=f"{action}: patient {patient}",
        PatNum=patient,
        CompName=f"DESK-{int(rng.random() * 6)}" if source == 0 else "SERVICE",
        FKey=key,
        LogSource=source,
        DateTPrevious=f"{day} 07:59:00" if edited else _NO_TIME,
    )
    if row % 211:  # a few rows predate the hashes
        office.drop.add("securityloghash", SecurityLogNum=row, LogHash=f"invented-{row:x}")


def log_appointment(office: Office, rng: Random, day: date, patient: int, key: int) -> None:
    """Write the two rows that making an appointment leaves."""
    source = 1 if rng.random() < 0.1 else 0
    log(office, rng, "appointment created", day, patient=patient, key=key, source=source)
    office.drop.add(
        "entrylog",
        UserNum=rng.choice(office.users) if source == 0 else 0,
        FKeyType=0,
        FKey=key,
        LogSource=source,
        EntryDateTime=stamp(min(day, office.until), rng),
    )
