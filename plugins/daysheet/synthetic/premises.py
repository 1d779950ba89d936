"""What the practice works with: rooms, staff, appointment types, calendar views, programs."""

from dataclasses import dataclass
from datetime import date, timedelta

from daysheet.synthetic.clock import NEVER, stamp
from daysheet.synthetic.draws import Random
from daysheet.synthetic.files import Drop
from daysheet.synthetic.words import FAMILY, GIVEN

# slug: (name, list it is in, TaskObjectType, what is special)
_TASK_LISTS = {
    "front": ("Front desk", "", 0, ""),
    "calls": ("Call back", "front", 1, ""),
    "moves": ("Appointments to move", "front", 2, ""),
    "insurance": ("Insurance follow-up", "", 1, ""),
    "accounts": ("Accounts", "", 0, ""),
    "overdue": ("Over 90 days", "accounts", 1, ""),
    "second": ("Second notices", "accounts", 1, ""),
    "agency": ("Collections before the agency", "accounts", 1, "archived"),
    "opening": ("Opening the office", "", 0, "repeating"),
    "dated": ("Month end", "accounts", 0, "dated"),
}
_TYPES = (  # name, pattern, codes, hidden
    ("Cleaning", "/" + "X" * 10 + "/", "D0120,D1110", 0),
    ("Treatment", "", "", 0),
    ("First visit", "/" + "X" * 14 + "/", "D0150,D0210", 0),
    ("Consultation (old)", "XX", "", 1),
)
_PROGRAMS = (("Mailwright", "Mailwright letters", 1), ("Ringwell", "Ringwell phones", 1))


@dataclass(frozen=True, slots=True)
class Premises:
    """Keys of what the practice works with; rooms by the provider who usually works there."""

    rooms: dict[int, list[int]]
    room_clinic: dict[int, int]
    employees: list[int]
    types: list[int]
    programs: list[int]
    task_lists: dict[str, int]
    inboxes: list[int]


def write_premises(
    drop: Drop, rng: Random, clinics: list[int], providers: dict[str, list[int]], start: date
) -> Premises:
    """Write it all; ``providers`` are those in use, by kind."""
    task_lists, inboxes = _task_lists(drop, rng, start)
    rooms, room_clinic = _rooms(drop, rng, clinics, providers, start)
    return Premises(
        rooms=rooms,
        room_clinic=room_clinic,
        employees=_employees(drop),
        types=[
            drop.add(
                "appointmenttype",
                AppointmentTypeName=name,
                Pattern=pattern,
                CodeStr=codes,
                ItemOrder=order,
                IsHidden=hidden,
            )
            for order, (name, pattern, codes, hidden) in enumerate(_TYPES)
        ],
        programs=[
            drop.add("program", ProgName=name, ProgDesc=text, Enabled=enabled)
            for name, text, enabled in (*_PROGRAMS, ("OldBridge", "A bridge nobody uses", 0))
        ],
        task_lists=task_lists,
        inboxes=inboxes,
    )


def _employees(drop: Drop) -> list[int]:
    """Assistants and the desk; the last has left."""
    keys: list[int] = []
    for n in range(8):
        keys.append(
            drop.add(
                "employee",
                LName=FAMILY[-1 - n],
                FName=GIVEN[-1 - n],
                IsHidden=int(n == 7),
                ReportsTo=keys[0] if n else 0,
            )
        )
    return keys


def _rooms(
    drop: Drop, rng: Random, clinics: list[int], providers: dict[str, list[int]], start: date
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Two rooms for a dentist, one for a hygienist; one room is nobody's, one is retired."""
    rooms: dict[int, list[int]] = {}
    room_clinic: dict[int, int] = {}
    plans = [
        (kind, provider, clinics[n % len(clinics)])
        for kind, share in (("dentist", 2), ("hygienist", 1))
        for n, provider in enumerate(providers[kind])
        for _ in range(share)
    ]
    plans += [("nobody", 0, 0), ("retired", 0, clinics[0])]
    for order, (kind, provider, clinic) in enumerate(plans):
        key = drop.add(
            "operatory",
            OpName=f"Room {order + 1}" if kind != "retired" else "Old darkroom",
            Abbrev=f"R{order + 1}",
            ItemOrder=order,
            IsHidden=int(kind == "retired"),
            ProvDentist=provider if kind == "dentist" else 0,
            ProvHygienist=provider if kind == "hygienist" else 0,
            IsHygiene=int(kind == "hygienist"),
            ClinicNum=clinic,
            IsWebSched=int(order % 4 == 0),
            DateTStamp=stamp(start, rng),
        )
        rooms.setdefault(provider, []).append(key)
        room_clinic[key] = clinic
    return rooms, room_clinic


def _task_lists(drop: Drop, rng: Random, start: date) -> tuple[dict[str, int], list[int]]:
    made = stamp(start - timedelta(days=40), rng)
    lists: dict[str, int] = {}
    for slug, (name, parent, kind, special) in _TASK_LISTS.items():
        lists[slug] = drop.add(
            "tasklist",
            Descript=name,
            Parent=lists[parent] if parent else 0,
            ObjectType=kind,
            DateTL=start.replace(day=28) if special == "dated" else NEVER,
            IsRepeating=int(special == "repeating"),
            DateTimeEntry=made,
            TaskListStatus=int(special == "archived"),
        )
    inboxes = [
        drop.add("tasklist", Descript=f"Inbox {GIVEN[n]}", DateTimeEntry=made) for n in range(8)
    ]
    return lists, inboxes
