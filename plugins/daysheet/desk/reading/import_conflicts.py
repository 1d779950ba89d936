"""What files told that somebody has to decide on: one visit or two, gone, or against the desk."""

from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal
from typing import Literal
from uuid import UUID

from psycopg import sql

from daysheet.desk.published import Reader
from daysheet.desk.refusals import Refused


@dataclass(frozen=True)
class Conflict:
    """An open item about a session, or about a claim; ``other_...`` is what it may be the same as.

    ``why`` is a code, ``claim_status`` the word of the claims report, ``missing_since`` the day of
    the first report that should have held it. Charges and payments are the insurer's, in dollars.
    """

    item_id: UUID
    row_version: int
    kind: Literal["conflict", "possible_correction", "deleted_at_source"]
    opened_on: date
    session_id: UUID | None
    session_version: int | None
    session_ref: str | None
    billing_status: str | None
    service_on: date | None = field(repr=False)
    service_time: time | None = field(repr=False)
    ins_charge: Decimal | None
    amount_paid: Decimal | None
    claim_ref: str | None
    initials: str | None = field(repr=False)
    payer_name: str | None
    billing_code: str | None = field(repr=False)
    why: str | None
    claim_status: str | None
    missing_since: date | None
    file_id: int | None
    line: int | None
    this_is: Literal["new", "old"] | None
    other_ref: str | None
    other_status: str | None
    other_service_on: date | None = field(repr=False)
    other_service_time: time | None = field(repr=False)
    other_charge: Decimal | None
    other_paid: Decimal | None
    other_billing_code: str | None = field(repr=False)
    assigned_to: str | None
    owner: str | None

    @property
    def reference(self) -> str | None:
        """Of what it is about."""
        return self.session_ref or self.claim_ref


def list_conflicts(reader: Reader, *, limit: int, offset: int) -> tuple[list[Conflict], int]:
    """One page of them, the oldest first, and how many there are of all pages."""
    names = sql.SQL(", ").join(sql.Identifier(each.name) for each in fields(Conflict))
    paged = sql.SQL("order by opened_on, kind, item_id limit %(limit)s offset %(offset)s")
    values = {"limit": limit, "offset": offset}
    found = reader.rows(Conflict, "import_conflicts", paged, values, names)
    statement = reader.statement("import_conflicts", sql.SQL(""), sql.SQL("count(*)"))
    row = reader.connection.execute(statement).fetchone()
    assert row is not None
    return found, row[0]


def session_asked_about(reader: Reader, item_id: UUID) -> UUID | None:
    """The session of such an item, open or done; None of a claim's. Raises a 404."""
    found = reader.connection.execute(
        "select session_id from desk.work_items where item_id = %s"
        " and kind in ('conflict', 'possible_correction', 'deleted_at_source')",
        [item_id],
    ).fetchone()
    if found is None:
        raise Refused(404, "unknown_item", "there is no such conflict")
    return found[0]
