"""Change a session's billing status: the only code that writes it, and the history beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor
from daysheet.desk.cases import BY_HAND, NOTHING_ENTERED, Details, Origin
from daysheet.desk.refusals import Refused

__all__ = [
    "Change", "Details", "Origin", "Result", "allowed_next", "change_each", "change_many",
    "change_status", "record_first_status",
]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One wished change, of one session."""

    session_id: UUID
    to: str
    details: Details = NOTHING_ENTERED
    origin: Origin = BY_HAND
    row_version: int | None = None


@dataclass(frozen=True)
class Result:
    """What became of one wished change: a row of the history, or a refusal."""

    session_id: UUID
    history_id: int | None = None
    refusal: Refused | None = None


def change_status(
    connection: psycopg.Connection,
    actor: Actor,
    session_id: UUID,
    to: str,
    *,
    details: Details = NOTHING_ENTERED,
    origin: Origin = BY_HAND,
    row_version: int | None = None,
) -> int:
    raise NotImplementedError


def change_each(
    connection: psycopg.Connection, actor: Actor, changes: Sequence[Change]
) -> list[Result]:
    """Set-based, for files: each change on its own merits, in the order given; same length."""
    raise NotImplementedError


def change_many(
    connection: psycopg.Connection,
    actor: Actor,
    sessions: Sequence[tuple[UUID, int | None]],
    to: str,
    *,
    details: Details = NOTHING_ENTERED,
) -> list[Result]:
    raise NotImplementedError


def allowed_next(connection: psycopg.Connection, actor: Actor, session_id: UUID) -> tuple[str, ...]:
    raise NotImplementedError


def record_first_status(
    connection: psycopg.Connection,
    actor: Actor,
    session_ids: Sequence[UUID],
    origin_by_session: Mapping[UUID, Origin] | None = None,
) -> int:
    raise NotImplementedError
