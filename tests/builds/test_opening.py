"""A build's life: what is asked for is what is built, and what has ended stays as it is."""

import psycopg
import pytest

from daysheet.builds import publishing
from daysheet.builds.opening import BuildRefused, BuildTaken, builds_before, open_build, take_build
from daysheet.builds.publishing import OwnershipLost, PublishBlocked, check_build, publish
from daysheet.builds.versions import make_model
from tests.builds.conftest import OWNER, load_batch, new_build
from tests.builds.test_versions import make_all, publish_all, rows


@pytest.fixture
def builder(practice):
    with psycopg.connect(practice.dsn("builder"), autocommit=True) as db:
        yield db


def ask(builder, batch, **options):
    options = {"as_of": "2026-01-31", "opened_by": "test"} | options
    return open_build(builder, batch=batch, reason="test", **options)


@pytest.mark.parametrize("batch", [99, -1])
def test_a_batch_that_may_still_change_is_refused(project, practice, builder, batch):
    with pytest.raises(BuildRefused, match="the newest is 1"):
        ask(builder, batch)


def test_an_open_batch_is_refused(project, practice, builder):
    with psycopg.connect(practice.admin) as db:
        db.execute("insert into ops.batch default values")
    with pytest.raises(BuildRefused):
        ask(builder, 2)


def test_a_batch_that_was_asked_for_is_neither_moved_nor_swapped(project, practice, builder):
    load_batch(practice, [(1, "A")])
    waiting = ask(builder, 2)
    asked = ask(builder, 1, exact=True)
    assert (asked.batch, asked.build) == (1, waiting.build + 1)
    load_batch(practice, [(1, "B")])
    assert ask(builder, 3).build == waiting.build
    assert rows(practice, "select batch from ops.build order by build") == [(3,), (1,)]


def test_a_retry_that_asks_for_the_same_gets_the_same(project, practice, builder):
    first = ask(builder, 1, publish="always")
    assert ask(builder, 1, publish="always") == first
    assert ask(builder, 1, publish="never").build == first.build + 1


def test_a_build_that_waits_its_turn_is_not_abandoned_but_one_nobody_waits_for_is(
    project, practice, builder
):
    new_build(practice)
    waiting, forgotten = ask(builder, 1, as_of="2026-01-01"), ask(builder, 1, as_of="2026-01-02")
    last = ask(builder, 1, as_of="2026-01-03")
    with psycopg.connect(practice.admin) as db:
        db.execute("update ops.build set opened_at = opened_at - interval '3 hours'")
    for build in (waiting, last):
        assert builds_before(builder, build.build)
    states = dict(rows(practice, "select build, state from ops.build"))
    assert states == {
        1: "running",
        waiting.build: "open",
        forgotten.build: "abandoned",
        last.build: "open",
    }


def test_what_was_published_never_changes(project, practice):
    build, _, _ = publish_all(practice)
    with pytest.raises(BuildRefused, match="published and never changes"):
        make_model(practice.dsn("builder"), build.build, "int_names")
    with pytest.raises(BuildRefused):
        check_build(practice.dsn("builder"), build.build)
    assert rows(practice, f"select count(*) from build_{build.build}.int_names") == [(2,)]


def test_a_build_that_is_published_meanwhile_is_not_changed_by_a_late_task(
    project, practice, monkeypatch
):
    build, _, _ = publish_all(practice)
    monkeypatch.setattr("daysheet.builds.versions.require_changeable", lambda build: None)
    with pytest.raises(BuildRefused):
        make_model(practice.dsn("builder"), build.build, "int_names")
    assert rows(practice, f"select count(*) from build_{build.build}.int_names") == [(2,)]


def test_a_retry_after_publishing_finishes_what_was_left(project, practice, monkeypatch):
    build = new_build(practice)
    make_all(practice, build)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "refresh_reporting", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(practice.dsn("builder"), build.build, OWNER, "tester")
    assert publish(practice.dsn("builder"), build.build, OWNER, "tester").state == "published"
    assert rows(practice, "select count(*) from reporting.int_names") == [(2,)]
    assert rows(practice, "select count(*) from ops.audit where action = 'publish'") == [(1,)]
    assert rows(practice, "select from pg_namespace where nspname ~ '^stage_'") == []


def test_staging_in_use_does_not_stop_a_publish(project, practice):
    build = new_build(practice)
    make_all(practice, build)
    with psycopg.connect(practice.dsn("builder")) as reader:
        reader.execute(f"select from {build.stage_schema}.opendental__provider")
        assert publish(practice.dsn("builder"), build.build, OWNER, "tester").state == "published"


def test_a_view_that_is_not_there_is_missed_before_publishing(project, practice):
    build = new_build(practice)
    make_all(practice, build)
    with psycopg.connect(practice.dsn("builder")) as db:
        db.execute(f"drop view {build.schema}.int_names")
    with pytest.raises(PublishBlocked, match="lacks int_names"):
        check_build(practice.dsn("builder"), build.build)


def test_a_build_that_housekeeping_dropped_is_not_worked_on(project, practice, builder):
    build = new_build(practice)
    make_all(practice, build)
    builder.execute("update ops.build set state = 'failed', dropped_at = now()")
    with pytest.raises(BuildRefused, match="dropped"):
        make_model(practice.dsn("builder"), build.build, "int_names")
    with pytest.raises(BuildTaken, match="dropped"):
        take_build(builder, build.build, OWNER)


def test_reporting_forgets_a_model_that_is_no_more(project, practice):
    publish_all(practice)
    for name in ("int_aged.sql", "int_aged.yml"):
        (project.root / "two" / name).unlink()
    project.reload()
    build = new_build(practice)
    make_model(practice.dsn("builder"), build.build, "int_names")
    publish(practice.dsn("builder"), build.build, OWNER, "tester")
    found = "select viewname from pg_views where schemaname = 'reporting'"
    assert rows(practice, found) == [("int_names",)]


def test_the_same_partition_twice_is_worked_on_once(project, practice):
    build = new_build(practice)
    with psycopg.connect(practice.dsn("builder"), autocommit=True) as db:
        with pytest.raises(BuildTaken):
            take_build(db, build.build, "second run")
        assert take_build(db, build.build, OWNER).owner == OWNER


def test_batches_committed_meanwhile_go_together_into_the_next_build(project, practice):
    new_build(practice)
    load_batch(practice, [(1, "A")])
    load_batch(practice, [(1, "B")])
    with psycopg.connect(practice.dsn("builder"), autocommit=True) as db:
        first = open_build(db, batch=2, as_of="2026-01-31", reason="drop", opened_by="a")
        second = open_build(db, batch=3, as_of="2026-01-31", reason="drop", opened_by="b")
        assert (first.build, first.batch) == (2, 2)
        assert (second.build, second.batch) == (2, 3)
        assert builds_before(db, second.build)


def test_only_the_owner_may_publish(project, practice):
    build = new_build(practice)
    make_all(practice, build)
    with pytest.raises(OwnershipLost):
        publish(practice.dsn("builder"), build.build, "somebody else", "tester")
    assert rows(practice, "select build from ops.current_build") == [(None,)]


def test_publishing_is_conditional_on_being_newer(project, practice):
    load_batch(practice, [(1, "DOC")])
    _, _, newer = publish_all(practice, batch=2)
    _, _, older = publish_all(practice, batch=1)
    assert (newer, older) == ("published", "superseded")
    _, _, forced = publish_all(practice, batch=1, publish="always")
    assert forced == "published"
    assert rows(practice, "select batch from ops.current_build") == [(1,)]
    assert rows(practice, "select count(*) from ops.audit where action = 'publish'") == [(2,)]
    _, _, kept = publish_all(practice, batch=2, publish="never")
    assert kept == "kept"


def test_an_earlier_day_is_not_published_even_with_a_newer_batch(project, practice):
    publish_all(practice, as_of="2026-01-31")
    load_batch(practice, [(1, "DOC")])
    _, _, earlier = publish_all(practice, batch=2, as_of="2025-12-31")
    assert earlier == "superseded"
    assert rows(practice, "select as_of::text from ops.current_build") == [("2026-01-31",)]
