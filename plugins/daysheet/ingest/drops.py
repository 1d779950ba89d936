"""One run's work on the inbox: what is ready by table, and each file's way to its verdict."""

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from daysheet.catalog import load_contract
from daysheet.ingest import ledger
from daysheet.ingest.batches import BatchLost, hold_batch
from daysheet.ingest.drop_folder import DropFolder, NotAPlainFile
from daysheet.ingest.filing import claim_folders, file_away, finish_folder, is_filed
from daysheet.ingest.inbox import NOT_PLAIN, Drop, Inbox, Refusal, claim
from daysheet.ingest.ledger import Known
from daysheet.ingest.load import load_file
from daysheet.ingest.outcomes import Outcome
from daysheet.ingest.reports.load import load_report, tell_report
from daysheet.ingest.taking import Copy, Gone, StillChanging, own_copy, remove_abandoned
from daysheet.ingest.verdicts import DroppedFile, FileHeld, FileReport, NotApplied, Unapplied
from daysheet.settings import Settings
from daysheet.warehouse import DatabaseFault
from daysheet.warehouse.errors import without_values

log = logging.getLogger(__name__)

UNRECOGNIZED = "unrecognized"  # stands for the table of what belongs to none
REPORTS = "reports"  # stands for all tables of a source recognized by header
# An export stamped with the end of its day, in any time zone, is not from the future.
_AHEAD = timedelta(days=2)
_NOT_AS_PROMISED = Refusal(
    "sha256_differs", "the file is not the one its manifest describes; drop the folder again"
)
_FROM_THE_FUTURE = Refusal(
    "exported_in_future",
    "later files of the table would count as older than this one; check the clocks, the date in "
    "its name or manifest, and DAYSHEET_TIMEZONE",
)


# Starting a task costs what loading some megabytes does: small tables share one.
_SHARE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Share:
    """What one task loads, one file after the other: all files of its tables.

    ``tables`` are ``source.table``; ``tokens`` stand for the files' names.
    """

    tables: list[str]
    tokens: list[str]


@dataclass(frozen=True)
class Run:
    """What every step of one run shares; ``owner`` is the run that holds ``batch``."""

    connection: psycopg.Connection  # of the loader, in autocommit
    drops: DropFolder
    settings: Settings
    batch: int
    owner: str

    @property
    def work(self) -> Path:
        """Where this machine keeps its copies while it loads them."""
        return self.settings.home / "work"

    def look(self) -> list[Drop]:
        """What is ready now."""
        return Inbox(self.drops, self.settings, time.time()).ready()


def plan(run: Run) -> list[Share]:
    """Take the folders that are ready; share out the tables, in the order of the exports."""
    remove_abandoned(run.work)
    ready = run.look()
    claim_folders(run.drops, ready, run.batch)
    tables: dict[str, list[Drop]] = {}
    for drop in ready:
        table = REPORTS if drop.by_header else drop.table or UNRECOGNIZED
        table = UNRECOGNIZED if drop.refusal else table
        tables.setdefault(f"{drop.source}.{table}", []).append(drop)
    return _shares(tables)


def _shares(tables: dict[str, list[Drop]]) -> list[Share]:
    shares: list[Share] = []
    small, room = None, 0  # where the next small table goes
    for table, drops in tables.items():
        size = sum(drop.bytes for drop in drops)
        if small and size <= room:
            share, room = small, room - size
        else:
            share = Share([], [])
            shares.append(share)
            if size < _SHARE_BYTES:
                small, room = share, _SHARE_BYTES - size
        share.tables.append(table)
        share.tokens.extend(drop.token for drop in drops)
    return shares


def bring_in(run: Run, tokens: Collection[str]) -> Iterator[Outcome]:
    """Deal with the planned files that are (still) ready, the oldest export first.

    Raises a retryable :class:`~daysheet.warehouse.DatabaseFault`,
    :class:`~daysheet.ingest.taking.StillChanging` when a folder's file does not hold still, and
    :class:`~daysheet.ingest.batches.BatchLost` when this run must stop.
    """
    for drop in run.look():
        if drop.token in tokens and (outcome := _settle(run, drop)):
            log.log(logging.INFO if outcome.is_clean else logging.WARNING, "%s", outcome)
            yield outcome


def left_behind(run: Run) -> int:
    """How many files of folders that were taken are still in the inbox.

    While there are any, the batch must not be committed: a folder's files become known together.
    """
    left = [
        (drop.source, drop.folder) for drop in run.look() if drop.folder and not drop.is_manifest
    ]
    taken = {place for place in set(left) if claim(run.drops, *place)}
    return sum(place in taken for place in left)


def _settle(run: Run, drop: Drop) -> Outcome | None:
    """Bring one file to its verdict; none when it is gone or has to be looked at again."""
    if drop.refusal is not None:
        if known := _unfinished(run, drop, ledger.UNREAD):
            return _finish(run, drop, known)
        return _turn_away(run, drop, None, "rejected", drop.refusal)
    if drop.is_manifest:
        finish_folder(run.drops, drop.source, drop.folder or "", drop.filed_as.rpartition("/")[0])
        return None
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(own_copy(run.drops, drop.place, run.work))
        except (Gone, StillChanging) as unsettled:
            if drop.folder and isinstance(unsettled, StillChanging):
                raise  # the rest of its folder must not be published without it
            return None
        except NotAPlainFile as problem:
            refusal = replace(NOT_PLAIN, problem=f"{problem}: {NOT_PLAIN.problem}")
            return _turn_away(run, drop, None, "rejected", refusal)
        return _decide(run, drop, copy)


def _decide(run: Run, drop: Drop, copy: Copy) -> Outcome | None:
    if known := _unfinished(run, drop, copy.sha256):
        return _finish(run, drop, known)
    if not run.drops.exists(drop.place):
        return None  # another run has dealt with it since we took our copy
    if drop.sha256 not in (None, copy.sha256):
        return _turn_away(run, drop, copy, "rejected", _NOT_AS_PROMISED)
    if twin := ledger.loaded_twin(run.connection, drop, copy.sha256):
        same = Refusal("duplicate", f"the same bytes as file {twin.file_id}, loaded before")
        drop = replace(drop, table=twin.table_name)
        return _turn_away(run, drop, copy, "duplicate", same)
    return _load(run, drop, copy)


def _dropped(drop: Drop, copy: Copy) -> DroppedFile:
    return DroppedFile(
        source=drop.source,
        table=drop.table or "",
        name=drop.name,
        path=copy.path,
        sha256=copy.sha256,
        bytes=copy.bytes,
        mode=drop.mode,
        exported_on=drop.exported_on,
        expected_rows=drop.rows,
    )


def _load(run: Run, drop: Drop, copy: Copy) -> Outcome:
    load = load_report if drop.by_header else load_file
    try:
        if drop.by_header:
            drop = replace(drop, table=tell_report(_dropped(drop, copy), run.settings))
        released = ledger.is_released(run.connection, drop, copy.sha256)
        if not released:
            _check_time(run, drop)
        dropped = _dropped(drop, copy)
        with without_values(), run.connection.transaction():
            hold_batch(run.connection, run.batch, run.owner)
            report = load(
                run.connection,
                load_contract(dropped.source, dropped.table),
                dropped,
                batch=run.batch,
                settings=run.settings,
                released=released,
            )
    except NotApplied as refusal:
        return _turn_away(run, drop, copy, refusal.state, refusal)
    except (BatchLost, OSError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, DatabaseFault) and error.is_retryable:
            raise
        # Trying again would end the same way, and one bad file must not stop the others.
        return _turn_away(run, drop, copy, "held", Refusal("not_loadable", _where(error)))
    known = ledger.read_file(run.connection, report.file_id)
    assert known is not None
    return _finish(run, drop, known, report)


def _check_time(run: Run, drop: Drop) -> None:
    """Hold a file from the future."""
    # The desk counts in days of the practice's own clock: there not one may be ahead.
    ahead = timedelta(0) if drop.by_header else _AHEAD
    if drop.exported_on.date() > _today(run.settings) + ahead:
        raise FileHeld(_FROM_THE_FUTURE.code, _FROM_THE_FUTURE.problem)


def _unfinished(run: Run, drop: Drop, sha256: str) -> Known | None:
    """The verdict an earlier run wrote down before it was stopped from moving the file."""
    known = ledger.last_seen(run.connection, drop)
    if known and known.sha256 == sha256 and not is_filed(run.drops, known, run.batch):
        return known
    return None


def _turn_away(
    run: Run, drop: Drop, copy: Copy | None, state: Unapplied, refusal: Refusal | NotApplied
) -> Outcome:
    problem = f"{refusal.code}: {refusal.problem}"
    return _finish(run, drop, ledger.record(run.connection, drop, copy, state, problem))


def _finish(run: Run, drop: Drop, known: Known, report: FileReport | None = None) -> Outcome:
    file_away(run.connection, run.drops, drop, known)
    return Outcome(known.file_id, known.source, known.table_name, known.state, known.code, report)


def _today(settings: Settings) -> date:
    """What the deployment calls today, or really is, whichever is later."""
    return max(settings.today(), datetime.now(ZoneInfo(settings.timezone)).date())


def _where(error: Exception) -> str:
    """Name an unforeseen error without its text, which could hold values."""
    if isinstance(error, DatabaseFault):
        return f"the database refused it: {error}"
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} in {place}; release the file when that is mended"
