"""When a digest is written, to whom, and that everything is told once."""

from datetime import date, timedelta

import psycopg
import pytest

from daysheet.alerts.digests import preview
from daysheet.desk.actors import staff_member
from daysheet.desk.published import published
from daysheet.desk.work.items import open_item
from daysheet.desk.work.snoozing import snooze
from daysheet.mail.outbox import send_again
from tests.alerts import practice
from tests.alerts.conftest import Days
from tests.alerts.practice import aged, change, claims, mailed, staff, told
from tests.desk.conftest import TODAY

FRIDAY, THURSDAY, WEDNESDAY, TUESDAY, MONDAY = (TODAY - timedelta(days=n) for n in range(5))
WEEK_AGO = TODAY - timedelta(days=8)  # a Thursday


@pytest.fixture
def db(days: Days) -> psycopg.Connection:
    return days.db


@pytest.fixture
def vic(db):
    """A biller with a claim of 95 days."""
    staff(db, "vic", display_code="VC")
    return claims(db, 95, assigned_to="vic")


def test_what_is_new_is_told_once_and_a_rerun_writes_nothing(db, vic):
    [alert] = aged(db, vic, on=MONDAY)
    first = mailed(db, MONDAY)
    assert set(first) == {"VC"}
    assert (first["VC"].state, first["VC"].new) == ("pending", 1)
    assert told(db, first["VC"]) == {alert: "new"}
    assert mailed(db, MONDAY) == {}
    assert mailed(db, MONDAY, is_forced=True) == {}, "one a day, whoever asks"
    assert mailed(db, TUESDAY) == {}, "nothing is new"
    [count] = db.execute("select count(*) from ops.mail").fetchone()
    assert count == 1


@pytest.mark.parametrize(
    ("kind", "where", "columns"),
    [
        ("risen", "new", {}),
        ("reopened", "new", {}),
        ("escalated", "escalated", {"escalation": 1}),
        ("woken", None, {}),
        ("fallen", None, {}),
    ],
)
def test_what_becomes_of_an_alert_is_told_with_the_others_still_open(db, vic, kind, where, columns):
    other = aged(db, claims(db, 99, assigned_to="vic"), on=MONDAY)
    [alert] = aged(db, vic, on=MONDAY)
    mailed(db, MONDAY)
    change(db, alert, kind, TUESDAY, **columns)
    after = mailed(db, TUESDAY)
    if where is None:
        assert after == {}
    else:
        assert told(db, after["VC"]) == {alert: where, other[0]: "open"}
        assert mailed(db, WEDNESDAY) == {}


def test_escalated_from_the_start_is_news_and_later_is_an_escalation(db):
    staff(db, "ada", "admin", display_code="AD")
    staff(db, "lea", "lead", display_code="LE")
    [session] = claims(db, 130)
    [alert] = aged(db, [session], on=MONDAY, escalation=1)
    assert told(db, mailed(db, MONDAY)["LE"]) == {alert: "new"}
    change(db, alert, "escalated", FRIDAY, escalation=2)
    queued = mailed(db, FRIDAY)
    assert {code: told(db, each) for code, each in queued.items()} == {
        "AD": {alert: "escalated"},
        "LE": {alert: "escalated"},
    }


def test_days_without_mail_lose_nothing(db, vic):
    db.execute("insert into desk.holiday values (%s, 'Founders'' Day')", [THURSDAY])
    seen = []
    for on in (WEDNESDAY, THURSDAY, FRIDAY):
        [alert] = aged(db, claims(db, 95, assigned_to="vic"), on=on)
        seen.append(alert)
        if on == THURSDAY:
            assert mailed(db, on) == {}, "a holiday"
        elif on == WEDNESDAY:
            assert told(db, mailed(db, on)["VC"]) == {alert: "new"}
    assert told(db, mailed(db, FRIDAY)["VC"]) == {
        seen[0]: "open", seen[1]: "new", seen[2]: "new"
    }  # fmt: skip


def test_no_mail_on_weekends_nor_before_eight_unless_forced(db, vic):
    aged(db, vic)
    assert mailed(db, TODAY - timedelta(days=6)) == {}, "a Saturday"
    assert mailed(db, date(2100, 1, 5)) == {}, "a Tuesday whose morning has not begun"
    assert set(mailed(db, TODAY - timedelta(days=6), is_forced=True)) == {"VC"}


@pytest.mark.parametrize(("minutes", "expected"), [(7 * 60 + 50, set()), (8 * 60, {"VC"})])
def test_the_morning_begins_at_eight_in_the_practices_time_zone(db, vic, minutes, expected):
    # in some zone it is that time of the last day from Monday to Friday now
    [(weekday, behind)] = db.execute(
        """
        select day, extract(epoch from timezone('UTC', now()) - day)::integer
        from generate_series(current_date - 2, current_date, '1 day') as day
        where extract(isodow from day) <= 5 order by day desc limit 1
        """
    ).fetchall()
    aged(db, vic, on=weekday.date())
    west = timedelta(seconds=behind) - timedelta(minutes=minutes)
    zone = f"<X>{'-' if west < timedelta(0) else '+'}{abs(west) // timedelta(hours=1)}"
    zone += f":{abs(west) // timedelta(minutes=1) % 60:02}:{abs(west).seconds % 60:02}"
    db.execute("select set_config('daysheet.timezone', %s, false)", [zone])
    assert set(mailed(db, weekday.date())) == expected


def test_the_first_business_day_of_a_week_brings_at_least_the_totals(db):
    staff(db, "vic", display_code="VC")
    staff(db, "lea", "lead", display_code="LE")
    queued = mailed(db, MONDAY)
    assert {code: each.subject for code, each in queued.items()} == {
        "VC": "[Daysheet] 0 claims over 90 days",
        "LE": "[Daysheet] 0 claims over 90 days",
    }
    assert {each.line_count for each in queued.values()} == {0}
    assert mailed(db, TUESDAY) == {}
    db.execute("insert into desk.holiday values (%s, 'Founders'' Day')", [WEEK_AGO])
    before = WEEK_AGO - timedelta(days=3)
    db.execute("insert into desk.holiday values (%s, 'Another')", [before])
    assert mailed(db, before) == {}, "a Monday that is a holiday"
    assert set(mailed(db, before + timedelta(days=1))) == {"VC", "LE"}, "so Tuesday is the first"


def test_a_mail_of_totals_only_is_short_and_reminds_of_nothing(db, vic):
    [alert] = aged(db, vic, on=FRIDAY - timedelta(days=7))
    mailed(db, FRIDAY - timedelta(days=7))
    queued = mailed(db, MONDAY)["VC"]
    assert queued.subject == "[Daysheet] 1 claim over 90 days, $100.00"
    assert (queued.line_count, told(db, queued)) == (0, {})
    text, _ = practice.bodies(db, queued)
    assert "Nothing new since your last mail." in text
    assert "/claims/" not in text
    assert told(db, mailed(db, FRIDAY)["VC"]) == {alert: "open"}, "a week after it was told"


def test_a_critical_claim_nobody_acknowledged_is_told_again_after_a_week(db, vic):
    [alert] = aged(db, vic, on=WEEK_AGO)
    deadline = practice.alert(
        db, "filing_deadline", severity="high", on=WEEK_AGO, session_id=vic[0], day_count=14
    )
    mailed(db, WEEK_AGO)
    assert mailed(db, WEDNESDAY) == {}, "six days later"
    assert told(db, mailed(db, THURSDAY)["VC"]) == {alert: "open", deadline: "open"}
    assert mailed(db, FRIDAY) == {}


def test_what_is_acknowledged_or_snoozed_is_counted_and_not_listed(db):
    staff(db, "vic", display_code="VC")
    sessions = claims(db, 95, 96, 97, 98, assigned_to="vic")
    acknowledged, by_alert, by_claim, live = aged(db, sessions, on=MONDAY)
    for alert, status in ((acknowledged, "acknowledged"), (by_alert, "snoozed")):
        change(db, alert, status, MONDAY, status=status, quiet_until=FRIDAY)
    item = open_item(db, "follow_up", session_id=sessions[2])
    with practice.day(db, MONDAY):
        snooze(db, staff_member(db, "vic"), item, FRIDAY, "they asked for a week")
    queued = mailed(db, MONDAY)["VC"]
    text, _ = practice.bodies(db, queued)
    assert "Not listed for now: 1 acknowledged, 2 snoozed." in text
    assert queued.subject == "[Daysheet] 4 claims over 90 days, 1 new, $400.00"
    assert told(db, queued) == {live: "new"}
    change(db, by_alert, "woken", FRIDAY, status="open", quiet_until=None)
    assert told(db, mailed(db, FRIDAY)["VC"]) == {
        by_alert: "new", by_claim: "new", live: "open"
    }, "never told before"  # fmt: skip


def test_silenced_mild_and_switched_off_alerts_are_not_mailed(db, vic):
    practice.alert(
        db, "stalled", session_id=vic[0], severity="high", silenced_by="aged_claim", day_count=40
    )
    practice.alert(db, "aged_claim", session_id=vic[0], severity="high", day_count=70)
    practice.alert(db, "denied", session_id=vic[0], severity="high")
    off = claims(db, 95, assigned_to="vic")
    practice.alert(db, "unbilled_aged", session_id=off[0])
    db.execute("update desk.alert_rules set enabled = false where code = 'unbilled_aged'")
    assert mailed(db) == {}


def test_resolved_is_told_once_to_whom_it_was_told_before(db, vic):
    [alert] = aged(db, vic, on=MONDAY)
    mailed(db, MONDAY)
    staff(db, "lea", "lead", display_code="LE")
    change(
        db, alert, "resolved", TUESDAY, status="resolved", resolved_on=TUESDAY, resolved_how="auto"
    )
    assert mailed(db, TUESDAY) == {}, "not worth a mail of its own"
    [other] = aged(db, claims(db, 95, assigned_to="vic"), on=WEDNESDAY)
    queued = mailed(db, WEDNESDAY)
    assert told(db, queued["VC"]) == {alert: "resolved", other: "new"}
    assert told(db, queued["LE"]) == {other: "new"}
    change(db, alert, "reopened", THURSDAY, status="open", resolved_on=None, resolved_how=None)
    assert told(db, mailed(db, THURSDAY)["VC"]) == {alert: "new", other: "open"}


def test_at_90_days_nobody_is_mailed_and_at_91_the_owner_is(days, db):
    staff(db, "vic", display_code="VC")
    [session] = claims(db, 92, assigned_to="vic")  # 90 days on Wednesday
    days.evaluate(WEDNESDAY)
    assert mailed(db, WEDNESDAY) == {}
    days.evaluate(THURSDAY)
    queued = mailed(db, THURSDAY)["VC"]
    assert queued.subject == "[Daysheet] 1 claim over 90 days, 1 new, $100.00"
    days.change(session, "paid", paid_on=THURSDAY, ins_paid_reported=100)
    days.evaluate(FRIDAY)
    queued = mailed(db, FRIDAY, is_forced=True)["VC"]
    assert queued.subject == "[Daysheet] 0 claims over 90 days"
    assert "RESOLVED SINCE THE LAST MAIL (1)" in queued.text


def test_what_is_given_to_somebody_else_is_new_to_him(db, vic):
    staff(db, "bo", display_code="BO")
    [alert] = aged(db, vic, on=MONDAY)
    assert set(mailed(db, MONDAY)) == {"VC", "BO"}
    db.execute("update desk.sessions set assigned_to = 'bo'")
    assert told(db, mailed(db, TUESDAY)["BO"]) == {alert: "new"}


def test_what_a_leaver_had_goes_to_the_lead(db, vic):
    staff(db, "lea", "lead", display_code="LE")
    db.execute("update desk.alert_rules set route = 'owner'")
    [alert] = aged(db, vic, on=TUESDAY)
    assert set(mailed(db, TUESDAY)) == {"VC"}
    db.execute("update desk.staff set active = false where user_id = 'vic'")
    assert told(db, mailed(db, WEDNESDAY)["LE"]) == {alert: "new"}


def test_alerts_that_nobody_is_told_of_are_counted(db, vic):
    aged(db, vic)
    db.execute("update desk.staff set email = null")
    queued = mailed(db)
    assert (queued["-"].staff_id, queued["-"].state, queued["-"].line_count) == (None, "nobody", 1)
    assert db.execute("select from ops.mail").fetchall() == []


def test_what_no_mail_told_is_told_by_the_next(db, vic):
    [alert] = aged(db, vic, on=MONDAY)
    queued = mailed(db, MONDAY, domains=("elsewhere.example",))["VC"]
    assert queued.state == "failed"
    again = mailed(db, TUESDAY)["VC"]
    assert (again.state, told(db, again)) == ("pending", {alert: "new"})
    assert mailed(db, WEDNESDAY) == {}


def test_a_digest_sent_again_tells_nothing_anew(db, vic):
    aged(db, vic, on=MONDAY)
    mailed(db, MONDAY, domains=("elsewhere.example",))
    send_again(db, "vic", domains=("practice.example",))
    assert mailed(db, TUESDAY) == {}


def test_a_preview_says_the_same_and_writes_nothing(db, vic):
    aged(db, vic)
    with published(db, is_writing=True) as reader:
        [shown] = preview(reader, is_forced=False, **practice.MAILED)
    assert db.execute("select from ops.mail").fetchall() == []
    [written] = mailed(db).values()
    assert (shown.subject, shown.line_count, shown.mail_id) == (
        written.subject, written.line_count, None
    )  # fmt: skip
