"""A build's life in ``ops.build``: opened, owned by one run, ended."""

from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
from psycopg.rows import class_row

from daysheet.warehouse import LockClass

ABANDONED_AFTER = timedelta(hours=2)  # an unfinished build nobody touched for so long is dead

ENDED = ("published", "kept", "superseded")


class BuildRefused(Exception):
    """The build cannot be opened or taken as asked; the message says why and what to do."""


class BuildTaken(Exception):
    """Another run owns the build, or it is done: there is nothing to do."""


@dataclass(frozen=True)
class Build:
    """One row of ``ops.build``: the frozen inputs of everything built under it."""

    build: int
    batch: int
    as_of: date
    state: str
    publish: str
    from_phase: int
    base_build: int | None
    models: list[str] | None
    forced: bool
    owner: str | None
    dropped: bool

    @property
    def schema(self) -> str:
        """Schema of its model views."""
        return f"build_{self.build}"

    @property
    def stage_schema(self) -> str:
        """Schema of its staging views."""
        return f"stage_{self.build}"


_COLUMNS = (
    "build, batch, as_of, state, publish, from_phase, base_build, models, forced, owner,"
    " dropped_at is not null as dropped"
)


def read_build(connection: psycopg.Connection, build: int) -> Build:
    """The build numbered ``build``; :class:`BuildRefused` when there is none."""
    with connection.cursor(row_factory=class_row(Build)) as cursor:
        found = cursor.execute(
            f"select {_COLUMNS} from ops.build where build = %s",  # noqa: S608  our own columns
            [build],
        ).fetchone()
    if found is None:
        raise BuildRefused(f"there is no build {build}")
    return found


def require_changeable(build: Build) -> None:
    """Refuse work on a build that has ended: what was published once never changes."""
    if build.state in ENDED or build.dropped:
        state = "dropped" if build.dropped else build.state
        raise BuildRefused(f"build {build.build} is {state} and never changes: open another")


def touch_build(connection: psycopg.Connection, build: int) -> None:
    """Say that somebody works on it, or refuse like :func:`require_changeable`; locks its row."""
    touched = connection.execute(
        "update ops.build set touched_at = now()"
        " where build = %s and state != all(%s) and dropped_at is null",
        [build, list(ENDED)],
    )
    if touched.rowcount == 0:
        require_changeable(read_build(connection, build))


def current_build(connection: psycopg.Connection) -> Build | None:
    """The published build, if anything was ever published."""
    row = connection.execute("select build from ops.current_build").fetchone()
    return read_build(connection, row[0]) if row and row[0] is not None else None


def newest_batch(connection: psycopg.Connection) -> int:
    """The newest committed batch; 0 when nothing was ever loaded."""
    row = connection.execute(
        "select coalesce(max(batch), 0) from ops.batch where state = 'committed'"
    ).fetchone()
    return row[0] if row else 0


def open_build(
    connection: psycopg.Connection,
    *,
    batch: int,
    as_of: date,
    reason: str,
    publish: str = "if_newer",
    opened_by: str,
    from_phase: int = 0,
    base_build: int | None = None,
    models: list[str] | None = None,
    forced: bool = False,
    exact: bool = False,
) -> Build:
    """Open a build, or move one that has not started yet forward to ``batch``.

    Batches committed while a build runs go together into the next one, so an ordinary build
    that still waits is taken over instead of opening another behind it. One whose batch was asked
    for (``exact``) stays at it. A retry that asks for the same gets the same.
    Raises :class:`BuildRefused` for a batch that is not committed: it would still change.
    """
    with connection.transaction(), connection.cursor(row_factory=class_row(Build)) as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, 0)", [LockClass.PUBLISH])
        _require_committed(connection, batch)
        if base_build is None and not forced:
            waiting = cursor.execute(
                f"""
                update ops.build set batch = greatest(batch, %(batch)s)
                where state = 'open' and base_build is null and not forced
                    and as_of = %(as_of)s and publish = %(publish)s and exact = %(exact)s
                    and (batch = %(batch)s or (publish = 'if_newer' and not exact))
                returning {_COLUMNS}
                """,  # noqa: S608  our own columns
                {"batch": batch, "as_of": as_of, "publish": publish, "exact": exact},
            ).fetchone()
            if waiting is not None:
                return waiting
        opened = cursor.execute(
            f"""
            insert into ops.build
                (batch, as_of, reason, publish, opened_by, from_phase, base_build, models,
                forced, exact)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            returning {_COLUMNS}
            """,  # noqa: S608  our own columns
            [
                batch,
                as_of,
                reason,
                publish,
                opened_by,
                from_phase,
                base_build,
                models,
                forced,
                exact,
            ],
        ).fetchone()
        assert opened is not None
        return opened


def _require_committed(connection: psycopg.Connection, batch: int) -> None:
    row = connection.execute(
        "select %(batch)s = 0 or exists (select from ops.batch"
        " where batch = %(batch)s and state = 'committed')",
        {"batch": batch},
    ).fetchone()
    if not (row and row[0]):
        raise BuildRefused(
            f"there is no committed batch {batch}; the newest is {newest_batch(connection)}"
        )


def open_by_hand(
    connection: psycopg.Connection,
    *,
    phase: int,
    as_of: date | None,
    base: int | None,
    models: list[str] | None,
    forced: bool,
    opened_by: str,
) -> Build:
    """Open a build from the frozen inputs of ``base`` (default: the published build).

    Models of earlier phases are inherited, and so are those of this phase that neither are listed
    in ``models`` nor read one that is. A ``base`` that failed, or waits for its next phase, goes on
    itself if nothing is asked to differ. A run that opened one already (``opened_by``) gets the
    same again.
    """
    mine = connection.execute(
        "select build from ops.build where opened_by = %s", [opened_by]
    ).fetchone()
    if mine is not None:
        return read_build(connection, mine[0])
    origin = read_build(connection, base) if base else current_build(connection)
    if origin is None:
        raise BuildRefused(
            "nothing is published yet, so there is nothing to start from: run open_build"
        )
    waits = origin.state in ("open", "failed") or (origin.state == "running" and not origin.owner)
    if waits and not origin.dropped and not (as_of or models or forced):
        return origin
    inherits = phase > 0 or bool(models)
    if inherits and as_of and as_of != origin.as_of:
        raise BuildRefused(
            f"build {origin.build} is as of {origin.as_of}; models inherited from it cannot be "
            f"mixed with {as_of}: run open_build with this as_of instead"
        )
    return open_build(
        connection,
        batch=origin.batch,
        as_of=as_of or origin.as_of,
        reason=f"phase {phase} by hand",
        opened_by=opened_by,
        from_phase=phase,
        base_build=origin.build,
        models=models,
        forced=forced,
    )


def builds_before(connection: psycopg.Connection, build: int) -> list[int]:
    """Earlier builds that have not ended; one that nobody touches any more does not count."""
    with connection.transaction():
        connection.execute(
            "update ops.build set touched_at = now()"
            " where build = %s and state in ('open', 'running') and owner is null",
            [build],
        )
        connection.execute(
            "update ops.build set state = 'abandoned', ended_at = now(),"
            " problem = 'nobody worked on it any more'"
            " where build < %s and state in ('open', 'running')"
            " and coalesce(touched_at, opened_at) < now() - %s",
            [build, ABANDONED_AFTER],
        )
        rows = connection.execute(
            "select build from ops.build where build < %s and state in ('open', 'running')"
            " order by build",
            [build],
        ).fetchall()
    return [row[0] for row in rows]


def take_build(connection: psycopg.Connection, build: int, owner: str) -> Build:
    """Make ``owner`` (an Airflow run) the one that works on ``build``.

    Raises :class:`BuildTaken` when it is done, or another run works on it: the same partition
    emitted twice gives two runs, and only one may go on.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, 0)", [LockClass.PUBLISH])
        found = read_build(connection, build)
        if found.state in ENDED or found.dropped:
            raise BuildTaken(f"build {build} is {'dropped' if found.dropped else found.state}")
        taken = connection.execute(
            "update ops.build set state = 'running', owner = %s, touched_at = now(),"
            " started_at = coalesce(started_at, now()), ended_at = null, problem = null"
            " where build = %s and (state != 'running' or owner is null or owner = %s"
            " or touched_at < now() - %s)",
            [owner, build, owner, ABANDONED_AFTER],
        )
        if taken.rowcount == 0:
            raise BuildTaken(f"another run works on build {build}")
        return read_build(connection, build)


def hand_over(connection: psycopg.Connection, build: int, owner: str) -> None:
    """Let the next phase's run take the build; one that failed and was mended goes on."""
    with connection.transaction():
        connection.execute(
            "update ops.build set state = 'running', owner = null, touched_at = now(),"
            " ended_at = null, problem = null"
            " where build = %s and owner = %s and state in ('running', 'failed')",
            [build, owner],
        )


def fail_build(connection: psycopg.Connection, build: int, owner: str, problem: str) -> None:
    """End a build that did not get through; what was built under it is kept for a while."""
    with connection.transaction():
        connection.execute(
            "update ops.build set state = 'failed', problem = %s, ended_at = now()"
            " where build = %s and owner = %s and state = 'running'",
            [problem, build, owner],
        )
