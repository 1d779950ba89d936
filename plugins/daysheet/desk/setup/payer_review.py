"""Payers first seen in a file: confirmed as payers of their own, or found to be another one."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.published import Reader
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.desk.work.items import close_items, wake

_IN_REVIEW = """
    select
        payers.payer_id,
        payers.row_version,
        payers.name,
        payers.external_id,
        desk.practice_day(payers.created_at) as first_seen_on,
        items.detail ->> 'reason' as why,
        (
            select count(*) from desk.sessions
            where payers.payer_id in (sessions.payer_id, sessions.secondary_payer_id)
        ) as sessions,
        (select count(*) from desk.claims where claims.payer_id = payers.payer_id) as claims,
        (select count(*) from desk.payments where payments.payer_id = payers.payer_id) as payments,
        array(
            select payers_too.payer_id from desk.payer_aliases as own
            inner join desk.payer_aliases as same on own.alias_norm = same.alias_norm
            inner join desk.payers as payers_too on same.payer_id = payers_too.payer_id
            where own.payer_id = payers.payer_id and payers_too.payer_id != payers.payer_id
            and payers_too.active and not payers_too.needs_review
        ) as namesakes
    from desk.payers
    left join desk.work_items as items
        on payers.payer_id = items.payer_id and items.kind = 'payer_review'
        and items.done_at is null
    where payers.needs_review
    order by payers.created_at, payers.payer_id
"""


@dataclass(frozen=True)
class NewPayer:
    """A payer nobody has confirmed; ``namesakes`` are known ones spelled the same."""

    payer_id: UUID
    row_version: int
    name: str
    external_id: str | None
    first_seen_on: date
    why: str | None
    sessions: int
    claims: int
    payments: int
    namesakes: list[UUID]


def payers_in_review(reader: Reader) -> list[NewPayer]:
    """All of them, the oldest first."""
    with reader.connection.cursor(row_factory=class_row(NewPayer)) as cursor:
        return cursor.execute(_IN_REVIEW).fetchall()


def known_payers(reader: Reader) -> list[tuple[UUID, str, str | None]]:
    """Key, name and id of the payers one may turn out to be."""
    return reader.connection.execute(
        "select payer_id, name, external_id from desk.payers where active and not needs_review"
        " order by name, external_id, payer_id"
    ).fetchall()


def confirm_payer(
    connection: psycopg.Connection, actor: Actor, payer_id: UUID, *, row_version: int | None = None
) -> None:
    """It is a payer of its own. Raises 403 below biller, 404, 409 when that is decided."""
    actor.needs(DeskRole.BILLER, "confirming payers")
    with connection.transaction():
        _lock(connection, [payer_id])
        _undecided(connection, payer_id, row_version)
        connection.execute(
            "update desk.payers set needs_review = false where payer_id = %s", [payer_id]
        )
        _decided(connection, actor, payer_id, "confirmed payer", {})


def merge_payer(
    connection: psycopg.Connection,
    actor: Actor,
    payer_id: UUID,
    into: UUID,
    *,
    row_version: int | None = None,
) -> None:
    """It is the payer ``into``: its sessions, claims and spellings are from now on that one's.

    Its id goes along if the other has none. Payments stay under the name they came with, so none
    may be left to share out. It cannot be taken back: a lead does it. Raises 403, 404, 409 when
    that is decided, 422 with the field ``into``: two ids, an unknown payer, one in review itself,
    unapplied money, a claim number both have.
    """
    actor.needs(DeskRole.LEAD, "merging payers")
    with connection.transaction():
        _lock(connection, [payer_id, into])
        own_id = _undecided(connection, payer_id, row_version)
        other = connection.execute(
            "select external_id from desk.payers"
            " where payer_id = %s and active and not needs_review and payer_id != %s",
            [into, payer_id],
        ).fetchone()
        if other is None:
            raise not_possible("unknown_payer", "choose a payer that is confirmed", field="into")
        if own_id and other[0]:
            raise not_possible(
                "two_ids",
                f"each has an id of its own, {own_id} and {other[0]}: files would tell them apart"
                " again. Confirm it, or mend the id at the source",
                field="into",
            )
        _check_movable(connection, payer_id, into)
        connection.execute(
            "update desk.payers set needs_review = false, active = false, external_id = null"
            " where payer_id = %s",
            [payer_id],
        )
        if own_id:
            connection.execute(
                "update desk.payers set external_id = %s where payer_id = %s", [own_id, into]
            )
        moved = _move(connection, payer_id, into)
        _decided(connection, actor, payer_id, "merged payer", {"into": str(into), **moved})


def _lock(connection: psycopg.Connection, payer_ids: list[UUID]) -> None:
    connection.execute(
        "select from desk.payers where payer_id = any(%s) order by payer_id for update", [payer_ids]
    )


def _undecided(
    connection: psycopg.Connection, payer_id: UUID, row_version: int | None
) -> str | None:
    """The id of a payer in review, if it has one."""
    found = connection.execute(
        "select external_id, needs_review, row_version from desk.payers where payer_id = %s",
        [payer_id],
    ).fetchone()
    if found is None:
        raise Refused(404, "unknown_payer", "there is no such payer")
    external_id, needs_review, version = found
    if not needs_review:
        raise conflict("somebody has decided on that payer already")
    if row_version not in (None, version):
        raise conflict(f"it was changed meanwhile, version {version}")
    return external_id


def _check_movable(connection: psycopg.Connection, payer_id: UUID, into: UUID) -> None:
    unapplied = connection.execute(
        "select count(*) from desk.payment_balances where payer_id = %s and unapplied != 0",
        [payer_id],
    ).fetchone()
    if unapplied and unapplied[0]:
        raise not_possible(
            "unapplied_money",
            f"{unapplied[0]} of its payments are not shared out: do that first",
            field="into",
        )
    twice = connection.execute(
        "select from desk.claims inner join desk.claims as others using (payer_claim_no)"
        " where claims.payer_id = %s and others.payer_id = %s limit 1",
        [payer_id, into],
    ).fetchone()
    if twice is not None:
        raise not_possible(
            "same_claim_number", "both have a claim of the same number", field="into"
        )


def _move(connection: psycopg.Connection, payer_id: UUID, into: UUID) -> dict[str, int]:
    """What was the one's is the other's; how many sessions and claims that is."""
    both = {"one": payer_id, "other": into}
    moved = connection.execute(
        """
        update desk.sessions set
            payer_id = case payer_id when %(one)s then %(other)s else payer_id end,
            secondary_payer_id
            = case secondary_payer_id when %(one)s then %(other)s else secondary_payer_id end
        where %(one)s in (payer_id, secondary_payer_id) returning session_id
        """,
        both,
    ).fetchall()
    claims = connection.execute(
        "update desk.claims set payer_id = %(other)s where payer_id = %(one)s", both
    ).rowcount
    connection.execute(
        "insert into desk.payer_aliases (alias_norm, payer_id)"
        " select alias_norm, %(other)s from desk.payer_aliases where payer_id = %(one)s"
        " on conflict do nothing",
        both,
    )
    wake(connection, [session_id for (session_id,) in moved])
    return {"sessions": len(moved), "claims": claims}


def _decided(
    connection: psycopg.Connection,
    actor: Actor,
    payer_id: UUID,
    action: str,
    detail: dict[str, str | int],
) -> None:
    close_items(connection, actor, outcome=action, kinds=["payer_review"], payer_id=payer_id)
    connection.execute(
        "insert into ops.audit (actor, action, subject, detail) values (%s, %s, %s, %s)",
        [actor.user_id, action, f"payer {payer_id}", Jsonb(detail)],
    )
