"""What ops see of a build's quality: the report on the run's page, a mail of what is new."""

from datetime import date

import psycopg
import pytest

from daysheet.builds.opening import hand_over
from tests.bench.building import OWNER, new_build, run_engine

pytestmark = pytest.mark.airflow

DAG = "phase_4_quality_and_publish"


@pytest.fixture
def last_phase(run_dag, warehouse):
    """Make a build of an empty practice, meddle with it, and run the last phase on it."""
    with psycopg.connect(warehouse.admin) as db:
        db.execute("insert into ops.batch (state, committed_at) values ('committed', now())")

    def run(meddle: str = ""):
        build = new_build(warehouse, date(2026, 1, 31))
        run_engine(warehouse, build, 2)
        with psycopg.connect(warehouse.admin) as db:
            hand_over(db, build.build, OWNER)
            db.execute(meddle.format(build=build.build))
        return run_dag(DAG, build=build.build)

    return run


def report_on_the_page(run) -> str:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields

    fields = RenderedTaskInstanceFields.get_templated_fields(run.get_task_instance("check"))
    return fields["report"]


def states(run) -> dict[str, str]:
    return {task.task_id: str(task.state) for task in run.get_task_instances()}


def test_news_are_mailed_once_and_the_report_is_on_the_page(last_phase, mails):
    first = last_phase()
    assert first.state == "success"
    assert report_on_the_page(first).startswith("Build 1, batch 1, as of 2026-01-31")
    assert "sources never dropped" in report_on_the_page(first)
    (mail,) = mails()
    assert mail["to"] == "ops@practice.example"
    told = mail.get_body(("plain",)).get_content()
    assert "Its checks found something in 1 place. It is new" in told
    assert "What to do" in told
    assert "never dropped" not in told
    again = last_phase()
    assert again.state == "success"
    assert "against build 1" in report_on_the_page(again)
    assert states(again)["tell_ops"] == "skipped"
    assert len(mails()) == 1


def test_what_is_new_since_the_last_build_is_listed(last_phase, mails, warehouse):
    last_phase()
    with psycopg.connect(warehouse.admin) as db:
        db.execute("delete from ops.build_check where check_name = 'sources_never_dropped'")
        db.execute("update ops.mail set created_at = now() - interval '61 minutes'")
    assert states(last_phase())["tell_ops"] == "success"
    _, mail = mails()
    assert mail["subject"] == "[Daysheet] build 2 is published, with new warnings"
    for kind in ("plain", "html"):
        assert "never dropped" in mail.get_body((kind,)).get_content()


def test_a_build_that_is_held_back_shows_its_report_and_ops_hear_which_checks(last_phase, mails):
    held = last_phase(
        "set role daysheet_builder; alter view build_{build}.int_adjustments rename to meddled;"
        "create view build_{build}.int_adjustments as"
        " select * from build_{build}.meddled union all"
        " select (jsonb_populate_record(null::build_{build}.meddled,"
        """ '{{"adjustment_id": 1, "adjustment_amount": 5}}')).*;"""
    )
    assert held.state == "failed"
    shown = report_on_the_page(held)
    assert "NOT PUBLISHED" in shown
    assert "every dollar of source money" in shown
    assert states(held)["publish"] == "upstream_failed"
    (mail,) = mails()
    assert mail["subject"] == "[Daysheet] build 1 is not published"
    told = mail.get_body(("plain",)).get_content()
    assert "Every dollar of source money" in told
    assert f"/dags/{DAG}/runs/" in told
