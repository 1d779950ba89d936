"""Families of the dental practice: what each owes by age, and the ledger behind it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from psycopg import sql

from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import PAGE, Order, paged
from daysheet.desk.refusals import Refused

Shown = Literal["owing", "credit", "all"]
OLDEST_MONEY = Order("balance_over_90", is_descending=True)


@dataclass(frozen=True)
class Family:
    """In dollars; ``guarantor_id`` is the practice system's number of who pays for it.

    The four buckets are what is left of charges after credits, the oldest first paid;
    ``patient_portion`` is the whole less what insurers are expected to pay and write off.
    """

    guarantor_id: int = field(repr=False)
    billing_type_name: str | None
    balance_0_30: Decimal
    balance_31_60: Decimal
    balance_61_90: Decimal
    balance_over_90: Decimal
    balance_total: Decimal
    insurance_estimate: Decimal
    patient_portion: Decimal
    payplan_due: Decimal
    is_in_collections: bool


@dataclass(frozen=True)
class FamilyTotal:
    """Of all pages."""

    families: int
    balance_0_30: Decimal
    balance_31_60: Decimal
    balance_61_90: Decimal
    balance_over_90: Decimal
    balance_total: Decimal
    insurance_estimate: Decimal
    patient_portion: Decimal


@dataclass(frozen=True)
class Entry:
    """A row of the ledger, and what the family owed after it."""

    transaction_date: date | None
    transaction_label: str
    patient_id: int | None = field(repr=False)
    amount: Decimal
    counts: bool
    running_family_balance: Decimal
    days_backdated: int | None


@dataclass(frozen=True)
class Ledger:
    """``count`` entries in all, and the newest or a later page of them."""

    family: Family
    entries: list[Entry]
    count: int


SORTED_BY = tuple(name for name in Family.__dataclass_fields__ if name != "is_in_collections")
_SHOWN = {
    "owing": "balance_total > 0 or balance_0_30 + balance_31_60 + balance_61_90"
    " + balance_over_90 > 0",
    "credit": "balance_total < 0",
    "all": "true",
}
_SUMS = sql.SQL(", ").join(
    sql.SQL("count(*) as families")
    if name == "families"
    else sql.SQL("coalesce(sum({0}), 0) as {0}").format(sql.Identifier(name))
    for name in FamilyTotal.__dataclass_fields__
)
# The order in which the balance was added up, the other way round.
_NEWEST_FIRST = "order by transaction_date desc nulls first, transaction_type desc, source_id desc"


def families(
    reader: Reader,
    shown: Shown = "owing",
    guarantor_id: int | None = None,
    order: Order = OLDEST_MONEY,
    *,
    limit: int = PAGE,
    offset: int = 0,
) -> tuple[list[Family], FamilyTotal | None]:
    """One page of them and the totals of all; nothing, and None, before a build is published."""
    if reader.build is None:
        return [], None
    which = sql.SQL("where ({}) and (%(key)s::bigint is null or guarantor_id = %(key)s)").format(
        sql.SQL(_SHOWN[shown])
    )
    values = {"key": guarantor_id}
    page = paged(order, SORTED_BY, "guarantor_id", limit, offset)
    (total,) = reader.rows(FamilyTotal, "families", which, values, _SUMS)
    return reader.rows(Family, "families", which + page, values), total


def family_ledger(
    reader: Reader, guarantor_id: int, *, limit: int = PAGE, offset: int = 0
) -> Ledger:
    """One family with a page of its ledger, the newest first; raises a 404 for an unknown one."""
    which, values = sql.SQL("where guarantor_id = %(key)s"), {"key": guarantor_id}
    found = reader.rows(Family, "families", which, values) if reader.build else []
    if not found:
        raise Refused(404, "unknown_family", "there is no such family")
    columns = sql.SQL(", ").join(map(sql.Identifier, Entry.__dataclass_fields__))
    newest = sql.SQL(" {} limit {} offset {}").format(
        sql.SQL(_NEWEST_FIRST), sql.Literal(limit), sql.Literal(offset)
    )
    entries = reader.rows(Entry, "family_ledger", which + newest, values, columns)
    count = reader.connection.execute(
        reader.statement("family_ledger", which, sql.SQL("count(*)")), values
    ).fetchone()
    assert count is not None
    return Ledger(found[0], entries, count[0])
