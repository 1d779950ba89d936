"""The desk file of the invented practices: who works there, who pays, what they aim at."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from daysheet.synthetic.counseling.parties import INSURERS, Insurer

_ADMIN = "admin"  # as Airflow's first user is called
_HEAD = """\
# Who works at the desk, who pays and what the practice aims at: `daysheet desk import FILE`.
# What is left out stays as it is; nobody is deactivated but by `active: false`.
"""


def write_desk_file(path: Path, *, until: date, patients: int) -> None:
    """Write the file; the budget is in proportion to the practice."""
    desk = {
        "staff": _staff(),
        "payers": [_payer(insurer) for insurer in INSURERS],
        "portals": [
            {
                "payer": insurer.external_id,
                "name": f"{insurer.name} providers",
                "url": f"https://{insurer.name.split()[0].lower()}.example/providers",
                "instructions": "Claims, then Professional, then New.",
            }
            for insurer in INSURERS
            if insurer.route == "portal"
        ],
        "targets": [
            {"metric": "outstanding_claims_amount", "green": 20 * patients, "red": 25 * patients}
        ],
        "holidays": [{"day": day, "name": name} for day, name in _holidays(until.year)],
        "settings": {"writeoff_limit": 250, "monthly_budget": max(1000, 12 * patients)},
    }
    text = yaml.safe_dump(desk, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(_HEAD + text, encoding="utf-8")


def _staff() -> list[dict[str, Any]]:
    people = (
        (_ADMIN, "ADM", "admin", []),
        ("mlantern", "ML", "lead", []),
        ("vcopper", "VC", "biller", ["NF021", "00731", "52290"]),
        ("ofern", "OF", "biller", ["60417", "70852", "TRI03"]),
        ("hquill", "HQ", "biller", []),
        ("jdapple", "JD", "viewer", []),
    )
    return [
        {
            "user_id": user,
            "display_code": code,
            "email": f"{user}@practice.example",
            "desk_role": role,
            "works_claims": role == "biller",
            "works_payers": payers,
        }
        for user, code, role, payers in people
    ]


def _payer(insurer: Insurer) -> dict[str, Any]:
    values = {
        "external_id": insurer.external_id,
        "name": insurer.name,
        "aliases": [insurer.other_spelling] if insurer.other_spelling else [],
        "billing_route": insurer.route,
        "plan_class": insurer.plan_class,
        "filing_days": insurer.filing_days,
        "appeal_days": insurer.appeal_days,
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def _holidays(year: int) -> list[tuple[date, str]]:
    return [
        (date(each, month, day), name)
        for each in (year, year + 1)
        for month, day, name in (
            (1, 1, "New Year"),
            (7, 4, "Fourth of July"),
            (12, 25, "Christmas"),
        )
    ]
