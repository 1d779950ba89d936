"""The aging report and the dashboard's metrics, against their definitions as first written down."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daysheet.warehouse import session
from daysheet.warehouse.desk_views import READERS, VIEWS, load_view, sync_desk_views
from tests.desk import invented
from tests.desk.conftest import TODAY

STATUSES = (
    "scheduled", "completed", "documented", "ready_to_bill", "submitted", "pending", "approved",
    "paid", "denied", "appealing", "client_responsibility", "written_off", "voided",
)  # fmt: skip

cents = st.integers(0, 40_000).map(lambda n: Decimal(n) / 100)
# Most things change on these days: brackets, windows of 90 days, the first of the month.
edges = st.sampled_from([0, 1, 19, 20, 30, 31, 60, 61, 89, 90, 91])
days = (edges | st.integers(0, 200)).map(lambda n: TODAY - timedelta(days=n))


def maybe(values):
    return st.none() | values


@st.composite
def session_rows(draw):
    """A session in any state the constraints of the table allow."""
    service_on = draw(st.just(TODAY + timedelta(days=1)) | days)
    first, last = sorted(max(service_on, draw(days)) for _ in "ab")
    if draw(st.booleans()):
        first = last = None
    status = draw(st.sampled_from(STATUSES))
    row = {
        "service_on": service_on,
        "billing_status": status,
        "first_submitted_on": first,
        "last_submitted_on": last,
        "ins_charge": draw(cents),
        "ins_paid_reported": draw(cents),
        "ins_paid_posted": draw(maybe(cents)),
        "write_off_reported": draw(cents),
        "write_off_posted": draw(maybe(cents)),
        "client_transfer": draw(cents),
        "paid_on": draw(maybe(days)),
        "paid_on_source": "unknown",
        "denied_on": draw(days if status == "denied" else maybe(days)),
        "appeal_deadline": draw(maybe(days)),
        "first_adjudicated_on": draw(maybe(days)),
        "first_outcome": draw(maybe(st.sampled_from(["paid", "partial", "denied", "patient"]))),
        "next_action_on": draw(maybe(days)),
    }
    return row, draw(st.integers(0, 3)), draw(st.integers(0, 3))


people = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=3)
money = st.lists(st.tuples(st.booleans(), st.integers(-9_000, 9_000), days), max_size=8)


@pytest.fixture(scope="module")
def practice(shared_warehouse):
    """A session of the superuser with the views as first written beside ours, never committed."""
    with session(shared_warehouse.admin, "tests") as db:
        db.execute("select set_config('daysheet.as_of', %s, false)", [TODAY.isoformat()])
        db.execute(Path(__file__).with_name("literal_views.sql").read_text())
        yield db
        db.rollback()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(session_rows(), max_size=12), people, money)
def test_both_views_are_what_was_written_down_and_the_totals_agree(practice, rows, staff, payments):
    with practice.transaction(force_rollback=True):
        fill(practice, rows, staff, payments)
        for view in ("aging_report", "dashboard_metrics"):
            assert dump(practice, f"desk.{view}") == dump(practice, f"literal.{view}")
        total, outstanding = practice.execute(
            "select (select coalesce(sum(outstanding), 0) from desk.aging_report where in_ar),"
            " (select outstanding_claims_amount from desk.dashboard_metrics)"
        ).fetchone()
        assert total == outstanding


def fill(db: psycopg.Connection, rows, staff, payments) -> None:
    """Sessions whose owner and payer are picked by number; none where there is no such."""
    owners = [
        invented.staff(db, f"user{n}", active=active, works_claims=works)
        for n, (active, works) in enumerate(staff)
    ]
    payers = [invented.payer(db, f"Payer {n}", filing_days=30 + n) for n in range(2)]
    invented.sessions(
        db,
        [
            row
            | {
                "assigned_to": owners[owner] if owner < len(owners) else None,
                "payer_id": payers[payer] if payer < len(payers) else None,
            }
            for row, owner, payer in rows
        ],
    )
    for n, (from_payer, cents, day) in enumerate(payments):
        columns = {
            "payer_id": payers[0] if from_payer else None, "method": "eft", "received_on": day,
            "amount": Decimal(cents) / 100, "source": "payment_report", "by_user": "tests",
            "idempotency_key": str(n),
        }  # fmt: skip
        invented.insert(db, "payments", columns, "payment_id")


def dump(db: psycopg.Connection, view: str) -> tuple[list, list]:
    """Names and types of the columns, then the rows in one order."""
    cursor = db.execute(f"select * from {view} as rows order by rows::text")
    return [(column.name, column.type_code) for column in cursor.description], cursor.fetchall()


def aged(db, **columns):
    """The aging report's row of one session."""
    (key,) = invented.sessions(db, [columns])
    return db.execute(
        "select age_days, age_bracket, age_basis from desk.aging_report where session_id = %s",
        [key],
    ).fetchone()


@pytest.mark.parametrize(
    ("age", "bracket"),
    [(0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"),
     (91, "90+"), (400, "90+")],
)  # fmt: skip
def test_case_66_day_91_is_the_first_over_90(db, age, bracket):
    day = TODAY - timedelta(days=age)
    row = {"service_on": day, "billing_status": "submitted", "ins_charge": 100}
    assert aged(db, **row, first_submitted_on=day) == (age, bracket, "submission")
    over = db.execute("select aging_over_90 from desk.dashboard_metrics").fetchone()
    assert over == (int(age > 90),)
    later = row | {"billing_code": "LATER", "last_submitted_on": TODAY, "first_submitted_on": day}
    assert aged(db, **later) == (age, bracket, "submission"), "sending it again made it young"
    unknown = row | {"billing_code": "UNKNOWN"}
    assert aged(db, **unknown) == (age, bracket, "service"), "aged from the visit, marked est."


def test_case_65_no_staff_no_payers_no_payments_is_no_error(db):
    assert db.execute("select * from desk.aging_report").fetchall() == []
    row = db.execute("select * from desk.dashboard_metrics").fetchone()
    assert row == (TODAY, 0, 0, None, None, None, 0, 0, None, 0, 0, 0, None, None, None, 0)
    invented.sessions(db, [{"billing_status": "submitted", "ins_charge": 10}])
    assert db.execute("select filing_deadline from desk.aging_report").fetchone() == (None,)


def test_case_67_today_is_the_practice_zones_whatever_the_sessions(db):
    today = {}
    for zone in ("Etc/GMT+12", "Pacific/Kiritimati"):  # 26 hours apart: never on one day
        db.execute("select set_config('daysheet.as_of', '', false)")
        db.execute("select set_config('daysheet.timezone', %s, false)", [zone])
        for of_session in ("UTC", "Asia/Tokyo"):
            db.execute("select set_config('TimeZone', %s, false)", [of_session])
            row = db.execute(
                "select desk.today(), (now() at time zone %s)::date", [zone]
            ).fetchone()
            assert row[0] == row[1]
            today[zone] = row[0]
    assert today["Etc/GMT+12"] < today["Pacific/Kiritimati"]


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Europe/Berlin"])
def test_case_67_no_day_is_counted_twice_over_a_month_or_clock_change(db, zone):
    db.execute("select set_config('daysheet.timezone', %s, false)", [zone])
    db.execute("select set_config('TimeZone', %s, false)", [zone])
    start = date(2026, 10, 20)  # the clocks of Berlin change on the 25th, Chicago's on November 1
    sent = {"billing_status": "submitted", "ins_charge": 10, "first_submitted_on": start}
    invented.sessions(db, [sent | {"service_on": start}])
    payer = invented.payer(db)
    for day in (start + timedelta(days=n) for n in range(20)):
        db.execute("select set_config('daysheet.as_of', %s, false)", [day.isoformat()])
        columns = {
            "payer_id": payer, "method": "eft", "received_on": day, "amount": 1,
            "source": "payment_report", "by_user": "tests", "idempotency_key": str(day),
        }  # fmt: skip
        invented.insert(db, "payments", columns, "payment_id")
        age = db.execute("select age_days from desk.aging_report").fetchone()
        collected = db.execute("select collections_mtd from desk.dashboard_metrics").fetchone()
        in_october = day.month == 10
        assert age == ((day - start).days,)
        assert collected == ((day - start).days + 1 if in_october else day.day,)


def test_the_views_say_what_each_column_means(db):
    for name in VIEWS:
        columns = [c.name for c in db.execute(f"select * from desk.{name} limit 0").description]
        said = load_view(name)
        assert list(said.columns) == columns
        kept = db.execute(
            "select array_agg(col_description(attrelid, attnum) order by attnum),"
            " obj_description(attrelid) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 group by attrelid",
            [f"desk.{name}"],
        ).fetchone()
        assert kept == (list(said.columns.values()), said.description)


def test_every_table_and_view_of_the_desk_says_what_it_holds(db):
    told = dict(
        db.execute(
            "select relname, obj_description(oid) from pg_class"
            " where relnamespace = 'desk'::regnamespace and relkind in ('r', 'v')"
        ).fetchall()
    )
    assert {"sessions", "work_items", "denials", *VIEWS} <= told.keys()
    assert [name for name, meaning in told.items() if not meaning] == []


def test_every_role_may_read_the_views_and_only_the_desk_the_sessions(desk):
    for role in READERS:
        with desk.open(role) as db:
            assert db.execute("select count(*) from desk.dashboard_metrics").fetchone() == (1,)
    with desk.open("reader") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("select from desk.sessions")


def test_migrating_again_changes_nothing(warehouse):
    with session(warehouse.admin, "tests") as db:
        before = definitions(db)
        sync_desk_views(db)
        assert definitions(db) == before


def definitions(db):
    return db.execute(
        "select viewname, definition from pg_views where schemaname = 'desk' order by viewname"
    ).fetchall()
