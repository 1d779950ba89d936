"""The claim tracker: claims by how far they have come, and found by what is known of them."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

from psycopg import sql

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import read_facts
from daysheet.desk.lifecycle.permission import allowed_statuses
from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import LARGEST_PAGE, PAGE, Order, Source
from daysheet.desk.refusals import not_possible
from daysheet.desk.viewing import ClientId

Tab = Literal[
    "not_ready", "ready", "submitted", "pending", "approved", "paid", "denied", "appealing",
    "closed",
]  # fmt: skip
TABS: tuple[Tab, ...] = get_args(Tab)


@dataclass(frozen=True)
class ListedClaim:
    """What of a claim is on one tab: all its sessions there, or one session of no claim.

    ``days`` count from the first sending, else from the visit, of what is open. Amounts are in
    dollars; ``outstanding`` None is "no estimate", of a dental claim.
    """

    row_key: UUID
    source: Source
    reference: str
    tab: Tab
    payer: str | None
    initials: list[str]
    sessions: int
    statuses: list[str]
    submitted: date | None
    portal: str | None
    portal_url: str | None
    days: int | None
    is_estimated: bool
    charge: Decimal | None
    outstanding: Decimal | None
    owners: list[str]
    session_ids: list[UUID]
    client_ids: list[ClientId] = field(repr=False)


@dataclass(frozen=True)
class Which:
    """Which claims; None does not narrow. Names and numbers of people are searched by ``Whose``.

    ``first_day`` and ``last_day`` are of the first sending, else of the visit.
    """

    tab: Tab | None = None
    source: Source | None = None
    status: str | None = None
    reference: str | None = None
    payer: str | None = None
    clinician_id: UUID | None = None
    initials: str | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Whose:
    """Whose claims: a part of the client's name, or a number of the payer or clearinghouse."""

    name: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)


_CONDITIONS = {
    "tab": "tab = %(tab)s",
    "source": "source = %(source)s",
    "status": "status = %(status)s",
    "reference": "(position(upper(%(reference)s) in row_ref) > 0"
    " or position(upper(%(reference)s) in session_ref) > 0)",
    "payer": "payer_name = %(payer)s",
    "clinician_id": "clinician_id = %(clinician_id)s",
    "initials": "upper(initials) = upper(%(initials)s)",
    "first_day": "counts_from >= %(first_day)s",
    "last_day": "counts_from <= %(last_day)s",
    "name": "position(lower(%(name)s) in lower(full_name)) > 0",
    "keys": "row_key = any(%(keys)s)",
    "number": "upper(%(number)s) in (upper(clearinghouse_ref), upper(payer_claim_no))",
}
_COLUMNS = sql.SQL("""
    row_key,
    min(source) as source,
    min(row_ref) as reference,
    tab,
    case when count(distinct payer_name) > 1 then 'several payers' else min(payer_name) end
    as payer,
    coalesce(array_agg(distinct initials) filter (where initials is not null), '{}') as initials,
    count(*) as sessions,
    array_agg(distinct status) as statuses,
    min(first_sent_on) as submitted,
    min(portal_name) as portal,
    min(portal_url) as portal_url,
    (select desk.today()) - min(counts_from) filter (where is_open) as days,
    bool_and(first_sent_on is null) as is_estimated,
    sum(charge) as charge,
    sum(outstanding) as outstanding,
    coalesce(array_agg(distinct assigned_to) filter (where assigned_to is not null), '{}')
    as owners,
    coalesce(array_agg(session_id) filter (where session_id is not null), '{}') as session_ids,
    coalesce(array_agg(distinct client_id) filter (where client_id is not null), '{}')
    as client_ids
""")
# What each column of the list is sorted by, of the sessions of a row. Selected, the day is asked
# for once and not for each of them.
SORTS = {
    "reference": "min(row_ref)",
    "payer": "min(payer_name)",
    "sessions": "count(*)",
    "status": "min(status)",
    "submitted": "min(first_sent_on)",
    "portal": "min(portal_name)",
    "days": "(select desk.today()) - min(counts_from) filter (where is_open)",
    "charge": "sum(charge)",
    "outstanding": "sum(outstanding)",
    "owner": "min(assigned_to)",
}
_PLACE = "order by sorted_by {} nulls last, row_key, tab"
# Which rows first, by as few columns as that takes: the rest is read of one page only.
_KEYS_AND_COUNTS = """
    with listed_rows as materialized ({rows}),
    shown as (
        select * from listed_rows where coalesce(tab = %(tab)s, true)
        {place} limit %(limit)s offset %(offset)s
    )
    select null as row_key, tab, count(*) as place from listed_rows group by tab
    union all
    select row_key, tab, row_number() over ({place}) as place from shown
"""
OLDEST = Order("days", is_descending=True)


def listed_claims(
    reader: Reader,
    which: Which,
    order: Order = OLDEST,
    *,
    whose: Whose = Whose(),
    limit: int = PAGE,
    offset: int = 0,
) -> tuple[list[ListedClaim], dict[Tab, int]]:
    """One page of them, at most 200 rows: 422; and how many each tab has by the other filters."""
    if order.column not in SORTS:
        raise not_possible("unknown_column", "there is no such column to sort by", field="sort")
    if not 0 < limit <= LARGEST_PAGE:
        raise not_possible("page_too_large", f"at most {LARGEST_PAGE} rows a page", field="limit")
    values = asdict(which) | asdict(whose)
    place = sql.SQL(_PLACE).format(sql.SQL("desc" if order.is_descending else "asc"))
    rows = reader.statement(
        "claim_list",
        _narrowed(values | {"tab": None}) + sql.SQL(" group by row_key, tab"),
        sql.SQL(f"row_key, tab, {SORTS[order.column]} as sorted_by"),
    )
    found = reader.connection.execute(
        sql.SQL(_KEYS_AND_COUNTS).format(rows=rows, place=place),
        values | {"limit": limit, "offset": offset},
    ).fetchall()
    counts = {tab: number for row_key, tab, number in found if row_key is None}
    keys = sorted((place, row_key, tab) for row_key, tab, place in found if row_key is not None)
    values["keys"] = list({row_key for _, row_key, _ in keys})
    claims = reader.rows(
        ListedClaim,
        "claim_list",
        _narrowed(values) + sql.SQL(" group by row_key, tab"),
        values,
        _COLUMNS,
    )
    by_key = {(claim.row_key, claim.tab): claim for claim in claims}
    page = [by_key[row_key, tab] for _, row_key, tab in keys]
    return page, {tab: counts.get(tab, 0) for tab in TABS}


def next_statuses(
    reader: Reader, actor: Actor, rows: Collection[ListedClaim]
) -> dict[str, list[str]]:
    """Of each row, by reference and tab, where all its sessions may go now."""
    if not actor.may(DeskRole.BILLER):
        return {}
    facts = read_facts(reader.connection, [one for row in rows for one in row.session_ids])
    allowed = {one: allowed_statuses(each, actor) for one, each in facts.items()}
    return {
        f"{row.reference} {row.tab}": [
            status
            for status in allowed.get(row.session_ids[0], ())
            if all(status in allowed.get(one, ()) for one in row.session_ids)
        ]
        for row in rows
        if row.session_ids
    }


def payers_and_clinicians(reader: Reader) -> tuple[list[str], list[tuple[UUID, str]]]:
    """To choose from: payers by name, clinicians by key and name."""
    payers = reader.connection.execute(
        "select distinct name from desk.payers order by name"
    ).fetchall()
    clinicians = reader.connection.execute(
        "select clinician_id, name from desk.clinicians order by name, clinician_id"
    ).fetchall()
    return [name for (name,) in payers], [(key, name) for key, name in clinicians]


def _narrowed(values: Mapping[str, object]) -> sql.Composed:
    chosen = [name for name, value in values.items() if value is not None]
    conditions = [sql.SQL(_CONDITIONS[name]) for name in chosen] or [sql.SQL("true")]
    return sql.SQL("where {}").format(sql.SQL(" and ").join(conditions))
