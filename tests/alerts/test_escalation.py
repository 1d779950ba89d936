"""Who is called in when nobody acknowledges a critical alert, each step once."""

from datetime import date, timedelta

import pytest

from daysheet.alerts.acting import acknowledge, snooze
from tests.desk.conftest import TODAY
from tests.desk.stages import LEAD

DAY = timedelta(1)
MONDAY = date(2026, 11, 23)


def critical(days, **columns):
    """A claim that becomes critical on Monday the 23rd; owed 100 dollars."""
    day = MONDAY - 91 * DAY
    sent = {"service_on": day, "first_submitted_on": day, "last_submitted_on": day}
    given = {"billing_status": "pending", "status_since": TODAY} | sent
    return days.session(**given | columns)


def steps(days, until: date) -> dict[date, int]:
    """On which day each step was taken, looking every day from Monday on."""
    day, taken = MONDAY, {}
    while day <= until:
        if days.evaluate(day).escalated:
            taken[day] = days.alert("aged_claim")["escalation"]
        assert days.evaluate(day).escalated == 0
        day += DAY
    return taken


@pytest.mark.parametrize(
    ("holidays", "lead", "admin"),
    [
        ([], 26, 32),  # Thursday, and Wednesday of the week after
        ([26], 27, 33),
        ([24, 25], 30, 34),
        ([28], 26, 32),  # a Saturday is none anyhow
    ],
)
def test_it_goes_up_after_three_and_seven_business_days(days, holidays, lead, admin):
    for day in holidays:
        days.db.execute("insert into desk.holiday values (%s, 'closed')", [date(2026, 11, day)])
    critical(days)
    begin = MONDAY - 23 * DAY
    expected = {begin + lead * DAY: 1, begin + admin * DAY: 2}
    assert steps(days, MONDAY + 14 * DAY) == expected
    events = days.events(days.alert("aged_claim")["alert_id"])
    assert events == ["opened", "escalated", "escalated"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"ins_charge": "999.99"}, 0),
        ({"ins_charge": "1000.00"}, 1),
        ({"first_submitted_on": MONDAY - 120 * DAY, "service_on": MONDAY - 120 * DAY}, 0),
        ({"first_submitted_on": MONDAY - 121 * DAY, "service_on": MONDAY - 121 * DAY}, 1),
        # large, and not critical
        ({"ins_charge": "5000.00", "service_on": MONDAY - 90 * DAY, "first_submitted_on": None}, 0),
    ],
)
def test_a_large_or_very_old_one_is_a_lead_s_from_the_start(days, columns, expected):
    critical(days, **columns)
    assert days.evaluate(MONDAY).escalated == expected
    assert days.alert("aged_claim")["escalation"] == expected


def test_many_days_left_are_no_great_age(days):
    days.db.execute(
        "update desk.alert_rules set enabled = code = 'filing_deadline', critical_at = 200"
        " where counts = 'days_left' or code in ('aged_claim', 'unbilled_aged')"
    )
    critical(days, billing_status="documented", first_submitted_on=None, last_submitted_on=None)
    days.db.execute("update desk.payers set filing_days = 91 + 150")
    assert days.evaluate(MONDAY).escalated == 0
    alert = days.alert("filing_deadline")
    assert (alert["severity"], alert["day_count"]) == ("critical", 150)


def test_days_nobody_looked_are_caught_up_with_in_one_step(days):
    critical(days)
    days.evaluate(MONDAY)
    days.evaluate(MONDAY + 14 * DAY)
    alert = days.alert("aged_claim")
    assert alert["escalation"] == 2
    assert days.events(alert["alert_id"]) == ["opened", "escalated"]


def test_what_somebody_has_seen_goes_up_only_when_its_quiet_ends(days):
    critical(days)
    days.evaluate(MONDAY)
    alert_id = days.alert("aged_claim")["alert_id"]
    acknowledge(days.db, LEAD, alert_id, "called", MONDAY + 7 * DAY)
    days.evaluate(MONDAY + 6 * DAY)
    assert days.alert("aged_claim")["escalation"] == 0
    days.evaluate(MONDAY + 7 * DAY)
    assert days.alert("aged_claim")["escalation"] == 1
    snooze(days.db, LEAD, alert_id, MONDAY + 20 * DAY, "the payer works on it")
    days.evaluate(MONDAY + 20 * DAY)
    assert days.alert("aged_claim")["escalation"] == 2
    assert days.events(alert_id) == [
        "opened", "acknowledged", "woken", "escalated", "snoozed", "woken", "escalated"
    ]  # fmt: skip


def test_a_step_once_taken_is_taken_once(days):
    session_id = critical(days, ins_charge=1000)
    days.evaluate(MONDAY)
    days.change(session_id, "client_responsibility")
    days.evaluate(MONDAY + DAY)
    days.change(session_id, "pending")
    assert days.evaluate(MONDAY + 2 * DAY).escalated == 0
    alert = days.alert("aged_claim")
    assert alert["escalation"] == 1
    assert days.events(alert["alert_id"]) == ["opened", "escalated", "resolved", "reopened"]


@pytest.mark.parametrize("zone", ["America/Chicago", "Pacific/Auckland"])
def test_a_clock_change_takes_and_gives_no_day(days, zone):
    """Days are dates of the practice: an hour more or less in one of them counts for nothing."""
    days.db.execute("select set_config('daysheet.timezone', %s, false)", [zone])
    counted = days.db.execute(
        "select desk.business_days('2026-10-30', '2026-11-02'),"
        " desk.business_days('2026-03-06', '2026-03-09'),"
        " desk.business_days('2026-11-20', '2026-11-20'),"
        " desk.business_days('2026-11-21', '2026-11-22')"
    ).fetchone()
    assert counted == (1, 1, 0, 0)
