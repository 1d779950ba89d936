"""Who works on what: shared out to active billers, taken, assigned, and back to the pool."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import conflict, not_possible
from daysheet.desk.work.items import OWNED, Subject, lock_subject

_BILLERS = """
    select
        staff.user_id,
        staff.works_payers as payers,
        (select count(*) from desk.work_items where assigned_to = staff.user_id and done_at is null)
        as open_items
    from desk.staff
    where staff.active and staff.works_claims and staff.desk_role != 'viewer'
"""
# A session and a dental claim have one owner, whatever is to be done about them.
_POOL = """
    with pool as (
        select
            items.session_id,
            items.dental_claim_id,
            case
                when items.session_id is null and items.dental_claim_id is null
                    then items.item_id
            end as item_id,
            coalesce(
                sessions.payer_id, claims.payer_id, payments.payer_id, items.payer_id
            ) as payer_id,
            coalesce(sessions.session_ref, claims.claim_ref) as reference,
            items.score,
            items.due_on,
            items.amount,
            items.file_id,
            items.line,
            items.created_at
        from desk.work_items as items
        left join desk.sessions on items.session_id = sessions.session_id
        left join desk.claims on items.claim_id = claims.claim_id
        left join desk.payments on items.payment_id = payments.payment_id
        where items.done_at is null and items.assigned_to is null
    )

    select session_id, dental_claim_id, item_id, payer_id, count(*) as open_items
    from pool
    group by session_id, dental_claim_id, item_id, payer_id
    order by
        max(score) desc, min(due_on), sum(amount) desc nulls last, min(reference),
        min(file_id), min(line), min(created_at), item_id, dental_claim_id
"""

_FOLLOW_OWNER = """
    update desk.work_items set assigned_to = owned.assigned_to
    from desk.{table} as owned
    where work_items.{key} = owned.{key} and work_items.done_at is null
    and work_items.assigned_to is distinct from owned.assigned_to
"""


@dataclass(frozen=True)
class Biller:
    """Who may be given work; no ``payers`` means all of them."""

    user_id: str
    payers: Sequence[UUID]
    open_items: int


@dataclass(frozen=True)
class Load:
    """What goes to one owner: all open items of one session or claim, or one other item."""

    session_id: UUID | None
    dental_claim_id: UUID | None
    item_id: UUID | None
    payer_id: UUID | None
    open_items: int


def distribute(billers: Sequence[Biller], loads: Sequence[Load]) -> list[str]:
    """The owner of each load: who covers its payer and has the fewest open items, loads included.

    Nobody covers the payer: who has the fewest. A tie goes to the first user name, so that the
    same pool is always shared out the same way. There has to be a biller.
    """
    work = {biller.user_id: biller.open_items for biller in billers}
    everybody = sorted(work)
    covering: dict[UUID | None, list[str]] = {None: everybody}
    owners = []
    for load in loads:
        if load.payer_id not in covering:
            covering[load.payer_id] = sorted(
                biller.user_id
                for biller in billers
                if not biller.payers or load.payer_id in biller.payers
            )
        owner = min(covering[load.payer_id] or everybody, key=lambda user_id: work[user_id])
        work[owner] += load.open_items
        owners.append(owner)
    return owners


def share_out(connection: psycopg.Connection) -> int:
    """Give every open item without an owner to a biller; returns how many loads it were.

    Who has an owner keeps it, and new items about the same session go there too. Without an
    active biller everything stays in the pool.
    """
    with connection.transaction():
        for table, key in OWNED.items():
            connection.execute(
                sql.SQL(_FOLLOW_OWNER).format(table=sql.Identifier(table), key=sql.Identifier(key))
            )
        with connection.cursor(row_factory=class_row(Biller)) as cursor:
            billers = cursor.execute(_BILLERS).fetchall()
        if not billers:
            return 0
        with connection.cursor(row_factory=class_row(Load)) as cursor:
            pool = cursor.execute(_POOL).fetchall()
        owners = distribute(billers, pool)
        for key in ("session_id", "dental_claim_id", "item_id"):
            given = [
                (getattr(load, key), owner)
                for load, owner in zip(pool, owners, strict=True)
                if getattr(load, key) is not None
            ]
            _hand_over(connection, key, given)
        return len(pool)


def release_leavers(connection: psycopg.Connection) -> int:
    """Put what people have who no longer work here back into the pool; returns how many items.

    What is over stays with who had it last.
    """
    with connection.transaction():
        for table, key in OWNED.items():
            connection.execute(
                sql.SQL("""
                    update desk.{table} as owned set assigned_to = null
                    from desk.staff
                    where owned.assigned_to = staff.user_id and not staff.active and exists (
                        select from desk.work_items where {key} = owned.{key} and done_at is null
                    )
                """).format(table=sql.Identifier(table), key=sql.Identifier(key))
            )
        return connection.execute(
            """
            update desk.work_items as items set assigned_to = null
            from desk.staff
            where items.assigned_to = staff.user_id and not staff.active and items.done_at is null
            """
        ).rowcount


def take(
    connection: psycopg.Connection, actor: Actor, *, row_version: int | None = None, **subject: Any
) -> None:
    """Take unassigned work: ``subject`` is an item_id, a session_id or a dental_claim_id.

    Raises a 403 below biller, 404 for the unknown, 409 when ``row_version`` is stale or somebody
    else has it.
    """
    actor.needs(DeskRole.BILLER, "taking work")
    with connection.transaction():
        owned = lock_subject(connection, row_version, **subject)
        if owned.assigned_to == actor.user_id:
            return
        if owned.assigned_to is not None and _is_active(connection, owned.assigned_to):
            raise conflict("somebody has it already: a lead can assign it", "taken")
        _give(connection, actor, owned, actor.user_id)


def assign(
    connection: psycopg.Connection,
    actor: Actor,
    to: str | None,
    *,
    row_version: int | None = None,
    **subject: Any,
) -> None:
    """Give work to somebody, or back to the pool (None); ``subject`` as in :func:`take`.

    Raises a 403 below lead, 404 for the unknown, 409 when ``row_version`` is stale, 422 when ``to``
    may not work at the desk.
    """
    actor.needs(DeskRole.LEAD, "assigning work to others")
    with connection.transaction():
        owned = lock_subject(connection, row_version, **subject)
        if to is not None and not _is_active(connection, to):
            raise not_possible("unknown_owner", "no active biller of that name", field="to")
        if owned.assigned_to != to:
            _give(connection, actor, owned, to)


def workers(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """User names and display codes of everybody who can be given work."""
    return connection.execute(
        "select user_id, display_code from desk.staff"
        " where active and desk_role != 'viewer' order by display_code"
    ).fetchall()


def _is_active(connection: psycopg.Connection, user_id: str) -> bool:
    found = connection.execute(
        "select from desk.staff where user_id = %s and active and desk_role != 'viewer'", [user_id]
    ).fetchone()
    return found is not None


def _give(connection: psycopg.Connection, actor: Actor, owned: Subject, to: str | None) -> None:
    _hand_over(connection, owned.key, [(owned.value, to)])
    connection.execute(
        "insert into ops.audit (actor, action, subject, detail) values"
        " (%s, 'assign work', %s, jsonb_build_object('from', %s::text, 'to', %s::text))",
        [actor.user_id, f"{owned.key} {owned.value}", owned.assigned_to, to],
    )


def _hand_over(
    connection: psycopg.Connection, key: str, given: Sequence[tuple[UUID, str | None]]
) -> None:
    """Write the owners to the subjects, and to every open item about them."""
    keys, owners = [each for each, _ in given], [owner for _, owner in given]
    for table in [*(table for table, owned in OWNED.items() if owned == key), "work_items"]:
        connection.execute(
            sql.SQL("""
                update desk.{table} as owned set assigned_to = given.owner
                from unnest(%s::uuid[], %s::text[]) as given (key, owner)
                where owned.{key} = given.key and owned.assigned_to is distinct from given.owner
                {only_open}
            """).format(
                table=sql.Identifier(table),
                key=sql.Identifier(key),
                only_open=sql.SQL("and owned.done_at is null" if table == "work_items" else ""),
            ),
            [keys, owners],
        )
