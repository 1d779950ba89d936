"""A refused row as a person sees it before deciding: its text, its cells, and its rivals."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.refusals import Refused
from daysheet.ingest.reports.decisions import ACCEPTABLE
from daysheet.ingest.reports.judging import judge_of
from daysheet.ingest.reports.parties import find_clients
from daysheet.ingest.reports.retrying import RefusedRow, see_refused


@dataclass(frozen=True)
class Cell:
    """A cell of a row by its column, as the report's header calls it; ``side`` is its block."""

    name: str
    heading: str
    side: str | None
    text: str = field(repr=False)
    is_disputed: bool  # rows of the same key say something else


@dataclass(frozen=True)
class Review:
    """One refused row; ``rivals`` are rows of its file with the same key."""

    line: int
    reasons: list[str]
    decision: str | None
    raw_text: str = field(repr=False)
    cells: tuple[Cell, ...] = field(repr=False)
    is_acceptable: bool
    rivals: tuple["Review", ...] = ()


def review(
    connection: psycopg.Connection, actor: Actor, file_id: int, line: int
) -> tuple[Review, set[UUID]]:
    """The row, and which clients of the desk it and its rivals name, as far as that can be read.

    All of it is patient data. Raises :class:`Refused`: 403 below a biller, 404.
    """
    actor.needs(DeskRole.BILLER, "seeing refused rows")
    rows = see_refused(connection, file_id, line)
    if not rows:
        raise Refused(404, "unknown_row", "no refused row has that file and line")
    first, *others = [_review(row, rows) for row in rows]
    shown = Review(**(vars(first) | {"rivals": tuple(others)}))
    return shown, _clients(connection, rows)


def _review(row: RefusedRow, rows: Sequence[RefusedRow]) -> Review:
    cells, columns = row.cells({}), row.contract.columns
    every = [other.cells({}) for other in rows]
    return Review(
        line=row.line,
        reasons=row.reasons,
        decision=row.decision,
        raw_text=row.raw_text,
        cells=tuple(
            Cell(
                name=name,
                heading=columns[name].heading or name,
                side=columns[name].block,
                text=text,
                is_disputed=len({other.get(name) for other in every}) > 1,
            )
            for name, text in cells.items()
        ),
        is_acceptable=set(row.reasons) <= ACCEPTABLE[row.table],
    )


def _clients(connection: psycopg.Connection, rows: Sequence[RefusedRow]) -> set[UUID]:
    judge = judge_of(connection, rows[0].contract)
    keys = [judge.judge(row.cells({})).cells.get("client_key") for row in rows]
    return set(find_clients(connection, filter(None, keys)).values())
