"""Logins: their groups, and what each has set for itself."""

from datetime import date

from daysheet.synthetic.clock import ZERO
from daysheet.synthetic.draws import Random
from daysheet.synthetic.files import NOBODY, Drop
from daysheet.synthetic.premises import Premises
from daysheet.synthetic.words import GIVEN

_GROUPS = ("Front desk", "Billing", "Clinical", "Everything")
_VIEWS = ("Everybody", "Hygiene", "Doctors today", "River side only")
_LAST_CLINIC, _COLLAPSE, _NAME, _PASSWORD, _THEME, _TIMER = 1, 4, 14, 15, 17, 20
_WITHOUT_OBJECT = (3, 5, 6, 7, 8, 9, 12, 13, 19, 22, 23, 25, 26, 27)


def write_users(
    drop: Drop, clinics: list[int], dentists: list[int], premises: Premises, until: date
) -> list[int]:
    """Write logins and their groups; nine users."""
    groups = [drop.add("usergroup", Description=name) for name in _GROUPS]
    users = []
    for n in range(9):
        user = drop.add(
            "userod",
            UserName=f"{GIVEN[n].lower()}{n}",
            EmployeeNum=premises.employees[n] if n < 6 else 0,
            ClinicNum=clinics[n % 2] if n % 3 else 0,
            ProvNum=dentists[n - 6] if n >= 6 else 0,
            IsHidden=int(n == 5),
            TaskListInBox=premises.inboxes[n] if n < len(premises.inboxes) else 0,
            AnesthProvType=3,
            ClinicIsRestricted=int(n == 1),
            DateTLastLogin=f"{until} 07:5{n}:00" if n != 5 else f"{ZERO} 00:00:00",
            DateTFail="0001-01-01 00:00:00",
        )
        users.append(user)
        # One login has no group, some have two.
        memberships = [] if n == 5 else [groups[n % 4]] + ([groups[1]] if n % 4 == 0 else [])
        for group in memberships:
            drop.add("usergroupattach", UserNum=user, UserGroupNum=group)
    return users


def write_user_settings(
    drop: Drop, rng: Random, users: list[int], clinics: list[int], premises: Premises
) -> None:
    """Write calendar views and user settings, some of them twice, some of them secret."""
    views = [
        drop.add(
            "apptview",
            Description=name,
            ItemOrder=order,
            RowsPerIncr=1 + order % 2,
            OnlyScheduledProvs=int(order == 2),
            OnlySchedBeforeTime="12:00:00" if order == 3 else "00:00:00",
            ClinicNum=clinics[0] if order == 3 else 0,
            ApptTimeScrollStart="08:00:00",
        )
        for order, name in enumerate(_VIEWS)
    ]

    def prefer(user: int, kind: int, value: str, thing: int = 0, clinic: int = 0) -> None:
        drop.add(
            "userodpref",
            UserNum=user,
            Fkey=thing,
            FkeyType=kind,
            ValueString=value,
            ClinicNum=clinic,
        )

    for n, user in enumerate(users):
        for clinic in (0, *clinics)[: 1 + n % 3]:
            view = rng.choice(views)
            drop.add("userodapptview", UserNum=user, ClinicNum=clinic, ApptViewNum=view)
        prefer(user, _LAST_CLINIC, "", clinics[n % 2])
        prefer(user, _THEME, str(n % 3), clinic=clinics[n % 2])
        prefer(user, _TIMER, str(10 * n))
        for kind in rng.sample(_WITHOUT_OBJECT, 4):
            prefer(user, kind, str(n % 2))
        for twice in range(1 + n % 2):  # nothing keeps a setting from being there twice
            prefer(user, _COLLAPSE, str(twice))
        prefer(user, 10, "True", premises.inboxes[n % len(premises.inboxes)])
        program = premises.programs[n % 2]
        prefer(user, 11, f"operator{n}", program)
        prefer(user, _NAME, f"secret userodpref name {n}", program)
        prefer(user, _PASSWORD, f"secret userodpref password {n}", program)
    prefer(NOBODY, _THEME, "1")  # its user was deleted
