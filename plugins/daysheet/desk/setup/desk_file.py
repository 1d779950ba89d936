"""What a desk file may say: who works here, who pays and how, targets, holidays, settings.

A YAML document; every section may be left out, and so may every key that is not the entry's own.
What is left out stays as it is: nobody is deactivated but by ``active: false``.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from daysheet.catalog.documents import CatalogError, Document, parse, read_yaml
from daysheet.desk.spelling import clean, fold

_PASSWORD = re.compile(r"(password|passwd|passcode|pwd|pin)\s*[:=]", re.IGNORECASE)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Days = Annotated[int, Field(ge=1, le=1095)]
Dollars = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=12)]


class DeskFileInvalid(Exception):
    """The file cannot be taken as it is; the message names it, the key and the fault."""


class Staff(Document):
    """Someone with a right to the desk. ``works_payers`` are ids or names; empty is all of them."""

    user_id: Text
    display_code: Annotated[str, StringConstraints(min_length=1, max_length=12)]
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    desk_role: Literal["viewer", "biller", "lead", "admin"]
    active: bool = True
    works_claims: bool = False
    works_payers: tuple[Text, ...] = ()


class Payer(Document):
    """An insurer, told by ``external_id`` (its id in exports) or, without one, by its name."""

    external_id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,10}$")] | None = None
    name: Text
    aliases: tuple[Text, ...] = ()
    billing_route: Literal["simplepractice", "portal", "paper"] = "simplepractice"
    plan_class: Literal["commercial", "medicaid", "medicare", "tricare", "other"] = "commercial"
    filing_days: Days = 90
    appeal_days: Days = 60
    expected_pay_days: Days = 30
    active: bool = True

    @field_validator("external_id", mode="before")
    @classmethod
    def _is_text(cls, value: object) -> object:
        if isinstance(value, int):  # YAML takes 00731 for the number 473
            raise ValueError("put the id in quotes: its leading zeros count")
        return value

    @field_validator("name")
    @classmethod
    def _clean(cls, name: str) -> str:
        return clean(name)

    @property
    def spellings(self) -> list[str]:
        """Every spelling of it, as names are compared."""
        return sorted({fold(clean(name)) for name in (self.name, *self.aliases)})

    @property
    def key(self) -> str:
        """What the rest of the file calls it by."""
        return self.external_id or fold(self.name)


class Portal(Document):
    """Where claims of a payer are entered by hand; ``payer`` is its id or name."""

    payer: Text
    name: Text
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$")]
    instructions: str = ""
    active: bool = True

    @field_validator("instructions")
    @classmethod
    def _holds_no_password(cls, text: str) -> str:
        if _PASSWORD.search(text):
            raise ValueError("passwords belong in a password manager")
        return text


class Target(Document):
    """Where a metric is green and red; in one month (any day of it), or whenever none is given."""

    metric: Text
    month: date | None = None
    green: Decimal
    red: Decimal

    @field_validator("month")
    @classmethod
    def _first_day(cls, month: date | None) -> date | None:
        return month and month.replace(day=1)


class Holiday(Document):
    """A day that is no business day."""

    day: date
    name: Text


class Settings(Document):
    """The practice's own numbers: two in dollars, and days to file with a carrier no payer is."""

    writeoff_limit: Dollars = Decimal("250.00")
    monthly_budget: Dollars | None = None
    dental_filing_days: Days = 365


class DeskFile(Document):
    """The whole file."""

    staff: tuple[Staff, ...] = ()
    payers: tuple[Payer, ...] = ()
    portals: tuple[Portal, ...] = ()
    targets: tuple[Target, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    settings: Settings = Settings()

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> Self:
        for what, keys in (
            ("user_id", [one.user_id for one in self.staff]),
            ("display_code", [one.display_code for one in self.staff]),
            ("payer", [one.key for one in self.payers]),
            ("portal", [(fold(one.payer), one.name) for one in self.portals]),
            ("target", [(one.metric, one.month) for one in self.targets]),
            ("holiday", [one.day for one in self.holidays]),
        ):
            if twice := _twice(keys):
                raise ValueError(f"{what} {twice} is there twice")
        return self


def _twice(keys: Iterable[object]) -> str | None:
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
        seen.add(key)
    return None


def read_desk_file(path: Path) -> DeskFile:
    """Read and validate a desk file; raises :class:`DeskFileInvalid`."""
    try:
        return parse(DeskFile, path, read_yaml(path) or {})
    except CatalogError as fault:
        raise DeskFileInvalid(str(fault)) from None
