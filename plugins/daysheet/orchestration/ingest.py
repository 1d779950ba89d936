"""The ingest DAG: wait for drops, load the files table by table, commit the batch, open a build."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import psycopg
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.builds.opening import open_build
from daysheet.ingest import ledger
from daysheet.ingest.batches import BatchLost, commit_batch, open_batch
from daysheet.ingest.drops import Run, Share, bring_in, left_behind, plan
from daysheet.orchestration.assets import BUILD
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.drop_sensor import DropSensor, drop_folder, without_file_names
from daysheet.orchestration.notify import AirflowRun, Notice, tell, tell_ops
from daysheet.orchestration.phase_dag import START
from daysheet.settings import get_settings
from daysheet.warehouse import DatabaseFault, Role, session

log = logging.getLogger(__name__)

DOC = """
Waits for CSV files in `drops/inbox/<source>/`, loads them, and opens a build on what they changed.

- **Loose files** (`patient.csv`, `patient_2026-01-31.csv.gz`) are taken once they have not changed
  for a minute. A **folder** is taken when its `_manifest.json` is there.
- `load` runs once per large table and once for several small ones, files one after the other. Its
  log and its XCom say of every file how many rows it held and what became of each of them; what
  was refused is in `quarantine`.
- `commit_and_open_build` is skipped when nothing new was loaded.
- `refused_files` fails, and ops get mail, when a file was rejected or held; they get mail too when
  more than 10 % of a file's rows were refused. Everything else of the drop is loaded and built all
  the same. Rejected files lie in `drops/rejected/`, with the reason
  beside them: export them again. Held ones lie in `drops/held/`: look, then
  `daysheet release FILE --reason ...`.

A run that was interrupted is resumed by the next one: what is loaded is known by its bytes.
"""


def ingest_dag(dag_id: str) -> DAG:
    """The DAG that brings dropped files in, one run at a time, for ever."""
    with DAG(
        dag_id=dag_id,
        schedule="@continuous",
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": "ops",
            "retries": 4,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=5),
            "pool": "ingest",
        },
        tags=["daysheet", "ingest"],
        doc_md=DOC,
        on_failure_callback=tell_ops(
            means="what was dropped is not loaded yet, or not all of it; no row is lost.",
            todo="read the log of the red task and mend the cause. The next run, which starts by "
            "itself, goes on where this one ended.",
            explain=_refused,
        ),
    ) as dag:
        ready = list_ready()
        DropSensor(task_id="wait_for_drops") >> ready
        loaded = load.expand(share=ready)
        loaded >> [commit_and_open_build(), refused_files()]
    return dag


@task
def list_ready(dag_run: Any = None, ti: Any = None) -> list[dict[str, Any]]:
    """Take or resume the open batch; share out what is ready, by table."""
    with _loader() as connection:
        ti.xcom_push(key="newest_file", value=ledger.newest_file_id(connection))
        batch = open_batch(connection, _owner(dag_run))
        ti.xcom_push(key="batch", value=batch)
        shares = plan(_run(connection, batch, dag_run))
    for share in shares:
        log.info("%s files of %s", len(share.tokens), ", ".join(share.tables))
    return [asdict(share) for share in shares]


@task(map_index_template="{{ task.op_kwargs['share']['tables'] | join(', ') | truncate(200) }}")
def load(share: dict[str, Any], dag_run: Any = None, ti: Any = None) -> list[dict[str, Any]]:
    """Load the files of some tables, one after the other."""
    with _loader() as connection:
        run = _run(connection, _batch(ti), dag_run)
        return [outcome.as_json() for outcome in bring_in(run, Share(**share).tokens)]


@task(trigger_rule="none_failed", outlets=[BUILD])
def commit_and_open_build(dag_run: Any = None, ti: Any = None, outlet_events: Any = None) -> int:
    """Commit the batch, and open a build on it."""
    batch = _batch(ti)
    with _loader() as connection:
        if left := left_behind(_run(connection, batch, dag_run)):
            raise AirflowFailException(
                f"{left} files of a folder are still in the inbox, so batch {batch} stays open; "
                "the next run goes on with them"
            )
        if not commit_batch(connection, batch, _owner(dag_run)):
            raise AirflowSkipException("nothing new was loaded, so there is nothing to build")
    with session(dsn(Role.BUILDER), "daysheet ingest", autocommit=True) as connection:
        opened = open_build(
            connection,
            batch=batch,
            as_of=get_settings().today(),
            reason="files were dropped",
            opened_by=_owner(dag_run),
        )
    log.info("batch %s is committed; build %s is open", batch, opened.build)
    outlet_events[BUILD].add_partitions([str(opened.build)])
    return opened.build


@task(trigger_rule="all_done")
def refused_files(dag_run: Any = None, ti: Any = None) -> None:
    """Fail, so that ops hear of it, when a file of this run was rejected or held.

    Ops are told, without a failure, of files many of whose rows are in quarantine.
    """
    newest = ti.xcom_pull(task_ids="list_ready", key="newest_file")
    if newest is None:
        raise AirflowSkipException("this run did not get as far as its files")
    with _loader() as connection:
        refused = ledger.refused_after(connection, newest)
        quarantined = ledger.much_quarantined_after(connection, newest)
    if quarantined:
        tell(_quarantined(quarantined, AirflowRun(dag_run.dag_id, dag_run.run_id)))
    if refused:
        listed = "; ".join(
            f"file {file.file_id} ({_kind(file.source, file.table_name)}) {file.state}: {file.code}"
            for file in refused
        )
        raise AirflowFailException(f"{len(refused)} files were not loaded. {listed}")


def _refused(connection: psycopg.Connection, run: AirflowRun) -> Notice | None:
    """Which files the run rejected or held, if it did."""
    files = ledger.refused_since(connection, run.started) if run.started else []
    if not files:
        return None
    return Notice(
        cause=_cause("refused", [(_kind(f.source, f.table_name), f.code or "") for f in files]),
        subject=f"dropped files that were not loaded: {len(files)}",
        happened=f"Files of a drop were rejected or held: {len(files)}.",
        means="none of their rows is in the warehouse; everything else of the drop is loaded and "
        "built all the same.",
        todo="rejected files lie in drops/rejected with the reason beside them: export them again. "
        "Held ones lie in drops/held: look at them, then run daysheet release FILE.",
        link=run.link,
        headings=("file", "of", "what", "why"),
        rows=tuple(
            (file.file_id, _kind(file.source, file.table_name), file.state, file.code)
            for file in files
        ),
    )


def _quarantined(files: list[ledger.Sifted], run: AirflowRun) -> Notice:
    return Notice(
        cause=_cause("quarantine", [(_kind(f.source, f.table_name), "") for f in files]),
        subject=f"dropped files with many refused rows: {len(files)}",
        happened=f"Loaded files of whose rows more than {ledger.MANY_PCT} % were refused: "
        f"{len(files)}.",
        means="the other rows are loaded and built on; what the refused ones say is missing from "
        "every number.",
        todo="look at what the reasons have in common: most often the export was changed. Export "
        "it again, or mend the contract and run daysheet reload TABLE. The rows are in "
        "quarantine.refused_row.",
        link=run.link,
        headings=("file", "of", "refused", "of rows", "why"),
        rows=tuple(
            (
                file.file_id,
                _kind(file.source, file.table_name),
                f"{file.rows_quarantined:,}",
                f"{file.rows_read:,}",
                ", ".join(file.reasons),
            )
            for file in files
        ),
    )


def _cause(what: str, of: list[tuple[str, str]]) -> str:
    """The same for files of the same kinds and reasons: others are told at once."""
    return f"{what}: {'; '.join(sorted({' '.join(one).strip() for one in of}))}"[:500]


def _kind(source: str, table: str | None) -> str:
    return f"{source} {table or '(no known table)'}"


def _owner(dag_run: Any) -> str:
    return f"{dag_run.dag_id} {dag_run.run_id}"


def _batch(ti: Any) -> int:
    return ti.xcom_pull(task_ids="list_ready", key="batch")


def _run(connection: Any, batch: int, dag_run: Any) -> Run:
    return Run(connection, drop_folder(), get_settings(), batch, _owner(dag_run))


@contextmanager
def _loader() -> Iterator[Any]:
    """A session of the loader; errors come out without file names, retried only if it helps."""
    try:
        with (
            without_file_names(),
            session(dsn(Role.LOADER), "daysheet ingest", autocommit=True) as connection,
        ):
            yield connection
    except BatchLost as lost:
        raise AirflowFailException(str(lost)) from None
    except DatabaseFault as fault:
        if fault.is_retryable:
            raise
        raise AirflowFailException(str(fault)) from None
