"""What ops see of a build's quality: the report on the run's page, a mail of what is new."""

import email
from datetime import date
from email.policy import default

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


def mails(mailbox) -> list:
    return [
        email.message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted(mailbox.glob("*.eml"))
    ]


def states(run) -> dict[str, str]:
    return {task.task_id: str(task.state) for task in run.get_task_instances()}


def test_news_are_mailed_once_and_the_report_is_on_the_page(last_phase, mailbox):
    first = last_phase()
    assert first.state == "success"
    assert report_on_the_page(first).startswith("Build 1, batch 1, as of 2026-01-31")
    assert "sources never dropped" in report_on_the_page(first)
    (mail,) = mails(mailbox)
    assert mail["to"] == "ops@practice.example"
    assert "never dropped" in mail.get_body(("html",)).get_content()
    again = last_phase()
    assert again.state == "success"
    assert "against build 1" in report_on_the_page(again)
    assert states(again)["tell_ops"] == "skipped"
    assert len(mails(mailbox)) == 1


def test_a_build_that_is_held_back_shows_its_report_too(last_phase, mailbox):
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
