"""What sessions owe, read under their locks: whoever moves money locks sessions first, in order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.cases import hold_sessions
from daysheet.desk.refusals import Refused, conflict

_BALANCES = """
    select
        session_id, row_version, billing_status, service_on,
        payer_id, ins_charge, amount_paid, outstanding, payer_credit,
        expected_allowed, client_charge, client_transfer
    from desk.sessions
    where session_id = any(%s)
    order by session_id
"""


@dataclass(frozen=True)
class Balance:
    """One session's money, in dollars; ``outstanding`` and ``payer_credit`` are never both."""

    session_id: UUID
    row_version: int
    billing_status: str
    service_on: date
    payer_id: UUID | None
    ins_charge: Decimal
    amount_paid: Decimal
    outstanding: Decimal
    payer_credit: Decimal
    expected_allowed: Decimal | None
    client_charge: Decimal
    client_transfer: Decimal

    def expect(self, row_version: int | None) -> None:
        """Raise a 409 with the fresh balance, if the caller looked at another version."""
        if row_version is not None and row_version != self.row_version:
            raise conflict(
                "the session was changed meanwhile: outstanding is now "
                f"{self.outstanding}, credit {self.payer_credit}, version {self.row_version}"
            )


def balances(connection: psycopg.Connection, session_ids: Collection[UUID]) -> dict[UUID, Balance]:
    """The balances of these sessions as they are now."""
    with connection.cursor(row_factory=class_row(Balance)) as cursor:
        rows = cursor.execute(_BALANCES, [list(session_ids)]).fetchall()
    return {row.session_id: row for row in rows}


def lock_sessions(
    connection: psycopg.Connection, session_ids: Collection[UUID]
) -> dict[UUID, Balance]:
    """Lock these sessions until the transaction ends, in id order, and read their balances.

    Raises a 404 if one of them is unknown.
    """
    hold_sessions(connection, session_ids)
    found = balances(connection, session_ids)
    if len(found) < len(set(session_ids)):
        raise Refused(404, "unknown_session", "there is no such session", field="session_id")
    return found
