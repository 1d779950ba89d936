"""Claims of the dental practice system at the desk: a random reference, and who works on them.

They are assigned and snoozed like sessions, with ``dental_claim_id`` as the subject.
"""

import psycopg
from psycopg import sql

from daysheet.desk.published import Reader
from daysheet.desk.work.state import OpenDentalClaim
from daysheet.warehouse import LockClass

_REGISTER = sql.SQL("""
    insert into desk.dental_claims (claim_id)
    select distinct claim_id
    from {build}.int_claim_details
    where claim_status in ('U', 'W', 'H', 'I', 'S', 'P') and not is_preauth
    on conflict (claim_id) do nothing
""")


def register(connection: psycopg.Connection) -> int:
    """Give every claim that is not settled its ``DC-`` reference, for good; how many were new.

    Reads the published build; before there is one, nothing is known of claims.
    """
    with connection.transaction():
        row = connection.execute(
            "select 'build_' || build, pg_advisory_xact_lock_shared(%s, build)"
            " from ops.current_build where build is not null",
            [LockClass.BUILD],
        ).fetchone()
        if row is None:
            return 0
        return connection.execute(_REGISTER.format(build=sql.Identifier(row[0]))).rowcount


def open_claims(reader: Reader) -> list[OpenDentalClaim] | None:
    """The registered claims that are sent and not settled; None before anything is published."""
    if reader.build is None:
        return None
    return reader.rows(
        OpenDentalClaim,
        "aged_claims",
        sql.SQL("where dental_claim_id is not null"),
        {},
        sql.SQL(
            "dental_claim_id, amount,"
            " coalesce(first_sent_on, service_on, desk.today()) as first_sent_on"
        ),
    )
