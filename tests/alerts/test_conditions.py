"""Of which session each rule is true: given days and statuses, expected alerts, on both sides."""

from datetime import date, timedelta

import pytest

from daysheet.alerts.conditions import conditions
from daysheet.alerts.life import severities
from daysheet.alerts.rules import read_rules
from daysheet.desk.published import published
from tests.alerts.conftest import Days
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def sent(days: int, status: str = "submitted", **columns):
    """Sent so long ago, and so since then."""
    day = ago(days)
    given = {"service_on": day, "first_submitted_on": day, "last_submitted_on": day}
    return {"billing_status": status, "status_since": day} | given | columns


def unsent(days: int, status: str = "documented", **columns):
    """A visit so long ago that was never billed."""
    return {"billing_status": status, "status_since": TODAY, "service_on": ago(days)} | columns


def to_file(days_left: int, **columns):
    """Fifty days after the visit, with so many left to file."""
    return unsent(50, filing_days=50 + days_left) | columns


def denied(days_left: int):
    return sent(40, "denied", denied_on=ago(2), appeal_deadline=TODAY + timedelta(days_left))


NO_ANSWER = {"no_response": "low"}
SLOW = NO_ANSWER | {"slow_payer": "medium"}
DENIED = {"denied": "high"}
CASES = [
    ("sent 14 days ago", sent(14), {}),
    ("sent 15 days ago", sent(15), NO_ANSWER),
    ("sent 30 days ago", sent(30), NO_ANSWER),
    ("sent 31 days ago", sent(31), SLOW),
    ("aged 60 days", sent(60), SLOW),
    ("aged 61 days", sent(61), SLOW | {"aged_claim": "high"}),
    ("aged exactly 90 days", sent(90), SLOW | {"aged_claim": "high"}),
    ("aged 91 days", sent(91), SLOW | {"aged_claim": "critical"}),
    (
        "sent again does not get younger",
        sent(91) | {"last_submitted_on": ago(3), "status_since": ago(3)},
        {"aged_claim": "critical"},
    ),
    (
        "first sent nobody knows when ages from the visit",
        sent(91) | {"first_submitted_on": None, "last_submitted_on": None, "status_since": TODAY},
        {"aged_claim": "critical"},
    ),
    ("pending, aged 91", sent(91, "pending", status_since=ago(1)), {"aged_claim": "critical"}),
    ("pending 30 days", sent(30, "pending"), {}),
    ("pending 31 days", sent(31, "pending"), {"stalled": "medium"}),
    ("approved 45 days", sent(45, "approved"), {}),
    ("approved 46 days", sent(46, "approved"), {"payment_overdue": "high"}),
    ("approved 46 days, some money", sent(46, "approved", ins_paid_reported=10), {}),
    ("paid after 200 days", sent(200, "paid", ins_paid_reported=100), {}),
    ("no note for 3 days", unsent(3, "completed"), {}),
    ("no note for 4 days", unsent(4, "completed"), {"missing_note": "low"}),
    ("no note for 5 days", unsent(5, "completed"), {"missing_note": "low"}),
    (
        "no note for 6 days",
        unsent(6, "completed"),
        {"missing_note": "low", "late_note": "medium"},
    ),
    ("a locked note", unsent(6, "completed", note_status="Locked"), {}),
    ("a draft of a note", unsent(4, "completed", note_status="draft"), {"missing_note": "low"}),
    ("an attested note", unsent(6, "completed", note_attested_on=ago(5)), {}),
    ("a visit tomorrow", unsent(-1, "completed"), {}),
    ("ready for 7 days", unsent(9, "ready_to_bill", status_since=ago(7)), {}),
    (
        "ready for 8 days",
        unsent(9, "ready_to_bill", status_since=ago(8)),
        {"billing_delay": "medium"},
    ),
    ("unbilled 60 days", unsent(60), {}),
    ("unbilled 61 days", unsent(61), {"unbilled_aged": "high"}),
    ("unbilled exactly 90 days", unsent(90), {"unbilled_aged": "high"}),
    ("unbilled 91 days", unsent(91), {"unbilled_aged": "critical"}),
    ("unbilled, nothing to bill", unsent(91, ins_charge=0), {}),
    ("31 days to file", to_file(31), {}),
    ("30 days to file", to_file(30), {"filing_deadline": "medium"}),
    ("15 days to file", to_file(15), {"filing_deadline": "medium"}),
    ("14 days to file", to_file(14), {"filing_deadline": "high"}),
    ("8 days to file", to_file(8), {"filing_deadline": "high"}),
    ("7 days to file", to_file(7), {"filing_deadline": "critical"}),
    ("too late to file by a day", to_file(-1), {"filing_deadline": "critical"}),
    (
        "came back, 7 days to file again",
        sent(50, "ready_to_bill", status_since=ago(1), filing_days=57),
        {"filing_deadline": "critical"},
    ),
    ("sent has no filing deadline", sent(5, filing_days=6), {}),
    ("15 days to appeal", denied(15), DENIED),
    ("14 days to appeal", denied(14), DENIED | {"appeal_deadline": "medium"}),
    ("8 days to appeal", denied(8), DENIED | {"appeal_deadline": "medium"}),
    ("7 days to appeal", denied(7), DENIED | {"appeal_deadline": "high"}),
    ("3 days to appeal", denied(3), DENIED | {"appeal_deadline": "high"}),
    ("2 days to appeal", denied(2), DENIED | {"appeal_deadline": "critical"}),
    ("too late to appeal by a day", denied(-1), DENIED | {"appeal_deadline": "critical"}),
    ("appealing 60 days", sent(60, "appealing", denied_on=ago(60)), {}),
    ("appealing 61 days", sent(61, "appealing", denied_on=ago(61)), {"appeal_stale": "high"}),
    ("a credit", sent(1, "paid", ins_paid_reported=130), {"credit": "medium"}),
    ("a credit on what is voided", sent(1, "voided", ins_paid_reported=130), {}),
]  # fmt: skip
# An appeal is as old as its filing, whatever else the age of the claim makes of it.
AGED = {"appealing 61 days": {"aged_claim": "high"}}


@pytest.fixture(scope="module")
def found(shared_warehouse):
    """Of each case what is true of its session, by one reading of them all."""
    with Desk(shared_warehouse).open() as db:
        days = Days(db)
        made = {}
        for name, columns, _ in CASES:
            given = dict(columns)
            payer = invented.payer(db, filing_days=given.pop("filing_days", 365))
            made[days.session(payer_id=payer, **_paid(given))] = name
        with published(db) as reader:
            rules = read_rules(db)
            true = list(severities(conditions(reader), rules))
    names = {name: {} for name in made.values()}
    for condition, severe in true:
        assert condition.rule_code not in names[made[condition.subject.session_id]]
        names[made[condition.subject.session_id]][condition.rule_code] = severe
    return names


def _paid(columns):
    if columns["billing_status"] == "paid":
        return columns | {"paid_on_source": "unknown"}
    return columns


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, _, expected in CASES])
def test_a_session_is_alerted_on_from_the_day_the_rule_says(found, name, expected):
    assert found[name] == expected | AGED.get(name, {})


def test_an_appeal_waits_since_it_was_filed_whenever_that_was_told(days):
    session_id = days.session(**sent(61, "appealing", denied_on=ago(61), status_since=TODAY))
    denial = {
        "session_id": session_id, "denied_on": ago(61), "category": "coding", "by_user": "tests"
    }  # fmt: skip
    denial_id = invented.insert(days.db, "denials", denial, "denial_id")
    appeal = {
        "denial_id": denial_id, "level": 1, "filed_on": ago(61), "method": "fax", "by_user": "tests"
    }  # fmt: skip
    invented.insert(days.db, "appeals", appeal, "appeal_id")
    days.evaluate()
    assert days.alert("appeal_stale")["day_count"] == 61


@pytest.mark.parametrize(
    ("detail", "done_by", "expected"),
    [("true", None, 1), ("false", None, 0), ("true", "ann", 0)],
)
def test_underpaid_is_what_an_open_item_says(days, detail, done_by, expected):
    session_id = days.session(**sent(5, "pending", ins_paid_reported=40))
    days.db.execute(
        "insert into desk.work_items (kind, session_id, detail, done_by, done_at)"
        " values ('disposition', %s, jsonb_build_object('underpaid', %s::boolean), %s,"
        " case when %s::text is not null then now() end)",
        [session_id, detail, done_by, done_by],
    )
    assert days.evaluate().opened == expected
    assert [row["amount"] for row in days.alerts("underpayment")] == [60] * expected


@pytest.mark.parametrize(("waited", "expected"), [(5, 0), (6, 1)])
def test_money_on_no_session_is_alerted_on_after_five_days(days, waited, expected):
    payer = invented.payer(days.db)
    for number, payer_id in enumerate((payer, None)):  # a client's money is no insurer's
        payment = {
            "payer_id": payer_id, "method": "check", "received_on": ago(waited), "amount": 80,
            "source": "manual", "idempotency_key": str(number), "by_user": "tests",
        }  # fmt: skip
        invented.insert(days.db, "payments", payment, "payment_id")
    days.evaluate()
    rows = days.alerts("unapplied_money")
    assert [(row["day_count"], row["amount"]) for row in rows] == [(waited, 80)] * expected


@pytest.mark.parametrize(
    ("decided", "refused", "expected"), [(20, 2, 0), (20, 3, 1), (19, 19, 0), (40, 5, 1)]
)
def test_a_clinician_is_alerted_on_when_many_enough_are_denied(days, decided, refused, expected):
    for number in range(decided):
        outcome = "denied" if number < refused else "paid"
        days.session(**sent(9, "pending"), first_adjudicated_on=ago(1), first_outcome=outcome)
    days.evaluate()
    rows = days.alerts("provider_denials")
    assert [row["severity"] for row in rows] == ["medium"] * expected


def test_a_rule_that_is_switched_off_is_true_of_nothing(days):
    days.session(**sent(91))
    days.db.execute("update desk.alert_rules set enabled = false where code != 'slow_payer'")
    days.evaluate()
    assert [row["rule_code"] for row in days.alerts()] == ["slow_payer"]


def test_another_threshold_holds_from_the_next_look_on(days):
    days.session(**sent(50))
    days.db.execute(
        "update desk.alert_rules set high_at = 45, critical_at = 49 where code = 'aged_claim'"
    )
    days.evaluate()
    assert days.alert("aged_claim")["severity"] == "critical"
