"""Lines of remittances that wait for their claim, or for its visits: found when they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from daysheet.desk.lifecycle.changes import Origin

# Lines wait until their claim is known and has sessions. A line naming another client waits too.
_NAME_CLAIMS = (
    """
    update desk.remittance_lines set claim_id = claims.claim_id
    from desk.claims
    where claims.claim_id = any(%s) and remittance_lines.claim_id is null
    and remittance_lines.clearinghouse_ref = claims.clearinghouse_ref
    """,
    """
    update desk.remittance_lines set claim_id = claims.claim_id
    from desk.payments, desk.claims
    where claims.claim_id = any(%s) and remittance_lines.claim_id is null
    and (remittance_lines.clearinghouse_ref is null or claims.clearinghouse_ref is null)
    and remittance_lines.payment_id = payments.payment_id
    and remittance_lines.payer_claim_no = claims.payer_claim_no
    and payments.payer_id = claims.payer_id
    """,
)
_WAITING = """
    select
        remittance_lines.line_id,
        remittance_lines.payment_id,
        remittance_lines.claim_id,
        remittance_lines.amount,
        lower(remittance_lines.payment_status) as word,
        remittance_lines.file_id,
        remittance_lines.line,
        payments.received_on,
        payment_balances.unapplied
    from desk.remittance_lines
    inner join desk.payments on remittance_lines.payment_id = payments.payment_id
    inner join desk.payment_balances on remittance_lines.payment_id = payment_balances.payment_id
    inner join desk.claims on remittance_lines.claim_id = claims.claim_id
    where remittance_lines.claim_id = any(%s) and not remittance_lines.is_applied
    and not payments.is_reversed
    and claims.client_id = remittance_lines.client_id
    and exists (
        select from desk.sessions
        where sessions.claim_id = claims.claim_id
        and billing_status not in ('scheduled', 'voided')
    )
    order by payments.received_on, remittance_lines.file_id, remittance_lines.line
"""


@dataclass(frozen=True)
class Line:
    """A line that waits, or waited until now; ``word`` is the payment's status in lower case."""

    line_id: UUID
    payment_id: UUID
    claim_id: UUID
    amount: Decimal
    word: str
    file_id: int | None
    line: int | None
    received_on: date
    unapplied: Decimal

    @property
    def origin(self) -> Origin:
        return Origin(self.file_id, self.line)


def find_waiting(connection: psycopg.Connection, claim_ids: Sequence[UUID]) -> list[Line]:
    """The lines that wait for these claims and can be posted now, the oldest money first."""
    for statement in _NAME_CLAIMS:
        connection.execute(statement, [claim_ids])
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(_WAITING, [claim_ids]).fetchall()
