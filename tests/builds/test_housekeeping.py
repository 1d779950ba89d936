import psycopg
import pytest

from daysheet.builds.housekeeping import tidy
from daysheet.builds.versions import make_model
from daysheet.warehouse import LockClass
from tests.builds.conftest import load_batch, new_build
from tests.builds.test_versions import publish_all, rows


def age_everything(warehouse, days=30):
    with psycopg.connect(warehouse.admin) as db:
        for column in ("opened_at", "touched_at", "ended_at"):
            db.execute(f"update ops.build set {column} = {column} - make_interval(days => {days})")
        db.execute(
            f"update ops.model_version set created_at = now() - make_interval(days => {days})"
        )


def schemas(warehouse):
    found = "select nspname from pg_namespace where nspname ~ '^(build|stage)_' order by 1"
    return [row[0] for row in rows(warehouse, found, "builder")]


def publish_several(warehouse, count):
    for number in range(count):
        load_batch(warehouse, [(1, f"L{number}")])
        publish_all(warehouse, batch=number + 2)


def test_the_last_published_builds_stay_and_the_rest_goes(project, practice):
    publish_several(practice, 4)
    age_everything(practice)
    done = tidy(practice.dsn("builder"), keep_builds=2, keep_failed_days=7)
    assert done.builds == [1, 2]
    assert schemas(practice) == ["build_3", "build_4"]
    assert done.versions == 4  # two models of two builds
    assert rows(practice, "select count(*) from build_3.int_names") == [(1,)]
    again = tidy(practice.dsn("builder"), keep_builds=2, keep_failed_days=7)
    assert (again.builds, again.versions, again.busy) == ([], 0, [])


def test_the_current_build_is_never_dropped(project, practice):
    publish_several(practice, 2)
    publish_all(practice, batch=2, publish="always")
    publish_all(practice, batch=2, publish="never")
    age_everything(practice, days=400)
    tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=0)
    ((current,),) = rows(practice, "select build from ops.current_build")
    assert rows(practice, f"select count(*) from build_{current}.int_aged") == [(1,)]
    assert schemas(practice) == [f"build_{current}"]


def test_a_build_somebody_reads_is_left_for_tomorrow(project, practice):
    publish_several(practice, 2)
    age_everything(practice)
    with psycopg.connect(practice.dsn("reader")) as reader:
        reader.execute("select pg_advisory_xact_lock_shared(%s, 1)", [LockClass.BUILD])
        done = tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=7)
        assert done.busy == ["build 1"]
        assert reader.execute("select count(*) from build_1.int_names").fetchone() == (1,)
    assert tidy(practice.dsn("builder"), 1, 7).builds == [1]


def test_recent_work_is_kept_whatever_its_state(project, practice):
    build = new_build(practice)
    make_model(practice.dsn("builder"), build.build, "int_names")
    done = tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=0)
    assert (done.builds, done.versions) == ([], 0)


def test_a_table_replaced_under_force_goes_with_the_last_build_that_shows_it(project, practice):
    publish_all(practice)
    publish_all(practice, forced=True)
    age_everything(practice)
    done = tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=7)
    assert (done.builds, done.versions) == ([1], 2)
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(practice, "select count(*) from build_1.int_names")


def test_staging_a_publish_had_to_leave_goes(project, practice):
    build, _, _ = publish_all(practice)
    with psycopg.connect(practice.dsn("builder")) as db:
        db.execute(f"create schema {build.stage_schema}")
    running = new_build(practice, as_of="2026-02-01")
    make_model(practice.dsn("builder"), running.build, "int_names")
    tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=7)
    assert schemas(practice) == [
        f"build_{build.build}",
        f"build_{running.build}",
        running.stage_schema,
    ]


def test_what_a_running_build_inherits_from_is_kept(project, practice):
    publish_several(practice, 3)
    with psycopg.connect(practice.dsn("builder")) as db:
        db.execute("update ops.build set base_build = 1, state = 'running' where build = 2")
        db.execute("update ops.build set touched_at = now(), ended_at = null where build = 2")
    with psycopg.connect(practice.admin) as db:
        db.execute("update ops.model_version set created_at = now() - interval '30 days'")
    done = tidy(practice.dsn("builder"), keep_builds=1, keep_failed_days=7)
    assert (done.builds, done.versions) == ([], 0)


def test_an_unfinished_build_that_goes_is_abandoned(project, practice):
    build = new_build(practice)
    make_model(practice.dsn("builder"), build.build, "int_names")
    age_everything(practice)
    assert tidy(practice.dsn("builder"), 1, 7).builds == [build.build]
    assert rows(practice, "select state from ops.build") == [("abandoned",)]
