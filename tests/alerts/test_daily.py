"""A day's alerts and the mail about them: both, or neither."""

from datetime import timedelta

import psycopg
import pytest

from daysheet.alerts import daily
from tests.desk import invented
from tests.desk.conftest import TODAY

HOW = {"ui_url": "http://localhost:8080", "domains": frozenset({"practice.example"})}


@pytest.fixture
def practice(days):
    """A lead with an address, and a claim of 91 days."""
    invented.staff(days.db, "lea", desk_role="lead", email="lea@practice.example")
    day = TODAY - timedelta(91)
    days.session(
        service_on=day, first_submitted_on=day, last_submitted_on=day, billing_status="pending",
        status_since=TODAY,
    )  # fmt: skip
    return days


def kept(days) -> tuple[int, int, int]:
    """How many alerts, mails, and days that were looked at."""
    return tuple(
        days.rows(f"select count(*) as rows from {table}")[0]["rows"]
        for table in ("desk.alerts", "ops.mail", "desk.alert_days")
    )


def test_alerts_and_mail_are_written_together(practice):
    outcome = daily.run(practice.db, **HOW, mail="now")
    assert outcome.evaluated.opened == 1
    assert [each.staff_id for each in outcome.digests] == ["lea"]
    assert kept(practice) == (1, 1, 1)


def test_a_preview_says_the_same_and_keeps_nothing(practice):
    preview = daily.run(practice.db, **HOW, mail="now", is_preview=True)
    assert kept(practice) == (0, 0, 0)
    outcome = daily.run(practice.db, **HOW, mail="now")
    assert preview.evaluated == outcome.evaluated
    told = [(each.staff_id, each.subject, each.line_count) for each in outcome.digests]
    assert [(each.staff_id, each.subject, each.line_count) for each in preview.digests] == told


def test_without_the_mail_there_are_no_alerts_either(practice, monkeypatch):
    def lost(*_, **__):
        raise psycopg.OperationalError

    monkeypatch.setattr(daily, "queue_digests", lost)
    with pytest.raises(psycopg.OperationalError):
        daily.run(practice.db, **HOW, mail="now")
    assert kept(practice) == (0, 0, 0)
    monkeypatch.undo()
    daily.run(practice.db, **HOW, mail="now")
    assert kept(practice) == (1, 1, 1)


def test_a_past_day_and_a_day_without_mail_mail_nobody(practice):
    assert daily.run(practice.db, **HOW, mail="never").digests == ()
    practice.on(TODAY - timedelta(1))
    outcome = daily.run(practice.db, **HOW, mail="now")
    assert outcome.evaluated.is_past
    assert outcome.digests == ()
    assert kept(practice) == (1, 0, 1)
