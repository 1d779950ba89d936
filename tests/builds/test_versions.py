import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from daysheet.builds.opening import open_by_hand, take_build
from daysheet.builds.publishing import PublishBlocked, check_build, publish
from daysheet.builds.versions import ChecksFailed, make_model, rendered_sql
from daysheet.warehouse import DatabaseFault
from tests.builds.conftest import OWNER, load_batch, new_build

SLEEPING = (
    "select count(*) from pg_stat_activity where state = 'active'"
    " and query like '%pg_sleep(30)%' and pid != pg_backend_pid()"
)


def make_all(warehouse, build):
    return {
        name: make_model(warehouse.dsn("builder"), build.build, name).action
        for name in ("int_names", "int_aged")
    }


def publish_all(warehouse, **options):
    build = new_build(warehouse, **options)
    actions = make_all(warehouse, build)
    check_build(warehouse.dsn("builder"), build.build)
    ending = publish(warehouse.dsn("builder"), build.build, OWNER, "tester")
    return build, actions, ending.state


def rows(warehouse, query, role="reader"):
    with psycopg.connect(warehouse.dsn(role)) as db:
        return db.execute(query).fetchall()


def test_a_build_is_built_checked_and_published(project, practice):
    build, actions, state = publish_all(practice)
    assert actions == {"int_names": "built", "int_aged": "built"}
    assert state == "published"
    assert rows(
        practice, f"select provider_id, provider_label from build_{build.build}.int_names"
    ) == [
        (1, "DOC"),
        (2, "HYG"),
    ]
    assert rows(practice, "select count(*) from reporting.int_aged") == [(2,)]


def test_nothing_changed_means_nothing_rebuilt(project, practice):
    publish_all(practice)
    _, actions, _ = publish_all(practice)
    assert actions == {"int_names": "linked", "int_aged": "linked"}


def test_another_day_rebuilds_only_what_uses_it(project, practice):
    publish_all(practice)
    _, actions, _ = publish_all(practice, as_of="2026-02-01")
    assert actions == {"int_names": "linked", "int_aged": "built"}


def test_a_changed_row_rebuilds_what_depends_on_it_and_going_back_finds_the_old(project, practice):
    publish_all(practice)
    load_batch(practice, [(1, "DOC"), (2, "HY2")])
    _, actions, _ = publish_all(practice, batch=2)
    assert actions == {"int_names": "built", "int_aged": "built"}
    load_batch(practice, [(1, "DOC"), (2, "HYG")])
    _, actions, _ = publish_all(practice, batch=3)
    assert actions == {"int_names": "linked", "int_aged": "linked"}


def test_a_description_rebuilds_nothing_and_a_new_check_runs_on_the_old_version(project, practice):
    publish_all(practice)
    project.write(
        "one/int_names.yml",
        """
        description: Providers, told better.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {checks: [not_null]}
          provider_label: {checks: [{accepted: [DOC], on_fail: warn}]}
        indexes: [[provider_label]]
        """,
    )
    project.reload()
    build = new_build(practice)
    outcome = make_model(practice.dsn("builder"), build.build, "int_names")
    assert outcome.action == "linked"
    assert outcome.warnings == {"provider_label accepted": 1}


def test_a_failing_check_keeps_the_keys_and_links_nothing(project, practice):
    published, _, _ = publish_all(practice)
    project.write(
        "one/int_names.sql",
        """
        select
            1 as provider_id,
            abbr as provider_label
        from {{ source('opendental', 'provider') }}
        """,
    )
    project.reload()
    build = new_build(practice)
    for _ in range(2):  # the second time from what was kept, without building
        with pytest.raises(ChecksFailed, match=r"grain is unique \(1\)"):
            make_model(practice.dsn("builder"), build.build, "int_names")
    kept = rows(
        practice,
        "select failing, failing_keys from ops.check_result where failing > 0",
    )
    assert kept == [(1, [{"provider_id": 1}])]
    assert rows(practice, "select state from ops.model_version where state = 'failed'") == [
        ("failed",)
    ]
    with pytest.raises(PublishBlocked, match="int_aged, int_names"):
        check_build(practice.dsn("builder"), build.build)
    assert rows(practice, "select build from ops.current_build") == [(published.build,)]


def test_mending_only_the_check_links_the_version_that_failed(project, practice):
    yml = """
        description: Providers.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {checks: [%s]}
          provider_label: {}
        """
    project.write("one/int_names.yml", yml % "{at_least: 2}")
    project.reload()
    build = new_build(practice)
    with pytest.raises(ChecksFailed):
        make_model(practice.dsn("builder"), build.build, "int_names")
    project.write("one/int_names.yml", yml % "{at_least: 1}")
    project.reload()
    assert make_model(practice.dsn("builder"), build.build, "int_names").action == "linked"


def test_an_unpublished_build_cannot_be_read(project, practice):
    build = new_build(practice)
    make_all(practice, build)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(practice, f"select * from build_{build.build}.int_names")


def test_a_phase_by_hand_inherits_the_phases_before_it(project, practice):
    published, _, _ = publish_all(practice)
    project.write(
        "one/int_names.sql",
        "select provider_id, 'new code' as provider_label"
        " from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    with psycopg.connect(practice.dsn("builder"), autocommit=True) as db:
        opened = open_by_hand(
            db, phase=1, as_of=None, base=None, models=None, forced=False, opened_by="hand"
        )
        again = open_by_hand(
            db, phase=1, as_of=None, base=None, models=None, forced=False, opened_by="hand"
        )
        assert again == opened
        take_build(db, opened.build, OWNER)
    assert make_all(practice, opened) == {"int_names": "inherited", "int_aged": "linked"}
    labels = rows(
        practice, f"select distinct provider_label from build_{opened.build}.int_names", "builder"
    )
    assert ("new code",) not in labels
    assert opened.batch == published.batch


def test_force_builds_again_beside_the_old_table(project, practice):
    build, _, _ = publish_all(practice)
    _, actions, _ = publish_all(practice, forced=True)
    assert actions == {"int_names": "built", "int_aged": "built"}
    assert rows(practice, f"select count(*) from build_{build.build}.int_names") == [(2,)]
    _, actions, _ = publish_all(practice)
    assert actions == {"int_names": "linked", "int_aged": "linked"}


def test_two_tasks_for_one_fingerprint_build_it_once(project, practice):
    first, second = new_build(practice), new_build(practice, publish="never")
    actions = []

    def work(build):
        actions.append(make_model(practice.dsn("builder"), build.build, "int_names").action)

    threads = [threading.Thread(target=work, args=[build]) for build in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(actions) == ["built", "linked"]


def test_the_rendered_statement_is_whole_and_names_what_it_reads(project, practice):
    build = new_build(practice)
    make_model(practice.dsn("builder"), build.build, "int_names")
    statement = rendered_sql(practice.dsn("builder"), build.build, "int_aged")
    assert statement.startswith("create table store.int_aged__")
    assert "from store.int_names__" in statement
    assert "'2026-01-31'::date" in statement


def test_a_killed_worker_leaves_nothing_and_the_next_one_builds(project, practice):
    project.write(
        "one/int_names.sql",
        "select provider_id, pg_sleep(30)::text as provider_label"
        " from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    build = new_build(practice)
    script = (
        "import sys; from daysheet.catalog import load_catalog; from daysheet.graph import"
        " build_graph; from pathlib import Path; import daysheet.builds.plan as p,"
        " daysheet.builds.schemas as s; c = load_catalog(Path(sys.argv[1])); g = build_graph(c);"
        " p.load_catalog = lambda: c; p.load_graph = s.load_graph = lambda: g;"
        " from daysheet.builds.versions import make_model;"
        " make_model(sys.argv[2], int(sys.argv[3]), 'int_names')"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(project.root), practice.dsn("builder"), str(build.build)]
    )
    _wait(practice, SLEEPING, 1)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    _wait(practice, SLEEPING, 0)
    with psycopg.connect(practice.admin) as db:
        assert db.execute("select count(*) from ops.model_version").fetchone() == (0,)
        assert db.execute(
            "select count(*) from pg_tables where schemaname = 'store'"
        ).fetchone() == (0,)
    project.write(
        "one/int_names.sql",
        "select provider_id, abbr as provider_label from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    assert make_model(practice.dsn("builder"), build.build, "int_names").action == "built"


def test_a_lost_server_in_mid_build_is_worth_a_retry_and_publishes_nothing(
    project, practice, server
):
    published, _, _ = publish_all(practice)
    project.write(
        "one/int_names.sql",
        "select provider_id, pg_sleep(30)::text as provider_label"
        " from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    build = new_build(practice)
    faults = []

    def work():
        try:
            make_model(practice.dsn("builder"), build.build, "int_names")
        except DatabaseFault as fault:
            faults.append(fault)

    worker = threading.Thread(target=work)
    worker.start()
    _wait(practice, SLEEPING, 1)
    server.stop("immediate")
    server.start(fsync="off", max_connections="60")
    worker.join()
    assert [fault.is_retryable for fault in faults] == [True]
    assert rows(practice, "select build from ops.current_build") == [(published.build,)]
    project.write(
        "one/int_names.sql",
        "select provider_id, abbr || '!' as provider_label"
        " from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    assert make_all(practice, build) == {"int_names": "built", "int_aged": "built"}


def _wait(warehouse, query, wanted, seconds=20):
    deadline = time.monotonic() + seconds
    with psycopg.connect(warehouse.admin, autocommit=True) as db:
        while db.execute(query).fetchone() != (wanted,):
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.05)
