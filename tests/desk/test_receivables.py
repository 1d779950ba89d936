"""Aged claims and forgotten money of both worlds: given rows, expected lists."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import psycopg
import pytest
from psycopg import sql

from daysheet.desk.actors import staff_member
from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.published import published
from daysheet.desk.reading.aging import AgedFilter, aged_claims, aged_totals
from daysheet.desk.reading.receivables import (
    ForgottenFilter,
    Order,
    forgotten_money,
    forgotten_totals,
)
from daysheet.desk.refusals import Refused
from daysheet.desk.work.assignment import take
from daysheet.desk.work.dental_claims import open_claims, register
from daysheet.desk.work.items import open_item
from daysheet.desk.work.notes import add_note
from daysheet.desk.work.snoozing import snooze
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.models.examples import table_rows

PRACTICE = {
    "carrier": """
        CarrierNum | CarrierName
        3          | Acme  Dental
        4          | Borealis
        """,
    "insplan": """
        PlanNum | CarrierNum
        7       | 3
        8       | 4
        """,
    "inssub": """
        InsSubNum | PlanNum
        30        | 7
        31        | 8
        """,
    "patplan": """
        PatPlanNum | PatNum | InsSubNum
        1          | 101    | 30
        2          | 102    | 31
        """,
    # 1 sent again, 2 whose first day is not known, 3 without any, 4 probably sent, not estimated,
    # 5 a pre-authorization, 6 settled, 7 unsent, 8 held, 9 waiting to go out a second time
    "claim": """
        ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent   | DateSentOrig
        901      | 101    | P         | S           | 2026-08-01  | 2026-11-10 | 2026-08-22
        902      | 101    | P         | S           | 2026-08-01  | 2026-08-21 | 0001-01-01
        903      | 102    | S         | S           | 2026-10-31  | 0001-01-01 | 0001-01-01
        904      | 102    | P         | P           | 2026-09-01  | 2026-09-02 | 2026-09-02
        905      | 101    | PreAuth   | S           | 2026-01-01  | 2026-01-01 | 2026-01-01
        906      | 101    | P         | R           | 2026-01-01  | 2026-01-01 | 2026-01-01
        907      | 101    | P         | U           | 2026-11-01  | 2026-11-01 | 0001-01-01
        908      | 102    | S         | H           | 2025-12-01  | 2025-12-01 | 0001-01-01
        909      | 101    | P         | W           | 2026-10-01  | 2026-11-19 | 2026-10-02
        """,
    "claimproc": """
        ClaimProcNum | ClaimNum | PatNum | ProcNum | PlanNum | Status | InsPayEst
        11           | 901      | 101    | 1       | 7       | 0      | 80.50
        12           | 901      | 101    | 2       | 7       | 0      | 19.50
        13           | 901      | 101    | 3       | 7       | 1      | 500
        21           | 902      | 101    | 4       | 7       | 0      | 30
        31           | 903      | 102    | 5       | 8       | 0      | 45
        41           | 904      | 102    | 6       | 8       | 0      | 0
        51           | 905      | 101    | 7       | 7       | 2      | 99
        61           | 906      | 101    | 8       | 7       | 1      | 99
        71           | 907      | 101    | 9       | 7       | 0      | 60
        81           | 908      | 102    | 10      | 8       | 0      | 70
        91           | 909      | 101    | 11      | 7       | 0      | 10
        101          | 0        | 101    | 20      | 7       | 6      | 88
        102          | 0        | 102    | 21      | 8       | 6      | 0
        103          | 0        | 101    | 22      | 7       | 6      | 88
        104          | 0        | 101    | 7       | 7       | 6      | 12
        """,
    # 20 and 21 done, on no claim; 22 only planned; 7 done, with a pre-authorization
    "procedurelog": """
        ProcNum | PatNum | ProcStatus | ProcFee | ProcDate
        1       | 101    | 2          | 100     | 2026-08-01
        7       | 101    | 2          | 100     | 2026-11-19
        20      | 101    | 2          | 100     | 2026-11-10
        21      | 102    | 2          | 100     | 2025-11-19
        22      | 101    | 1          | 100     | 2026-11-10
        """,
}


@pytest.fixture
def practice(desk, db):
    """Both worlds: nine dental claims, five sessions; ann owns one of each."""
    publish_practice(desk.warehouse, PRACTICE, TODAY)
    assert register(db) == 7
    for user in ("ann", "bob"):
        invented.staff(db, user)
    payer = invented.payer(db, "ACME Dental", filing_days=120)
    session = {"payer_id": payer, "billing_status": "submitted", "ins_charge": 100}
    invented.sessions(
        db,
        [
            session | {"service_on": date(2026, 8, 20), "first_submitted_on": date(2026, 8, 21)},
            session
            | {
                "service_on": date(2026, 8, 20), "first_submitted_on": date(2026, 8, 22),
                "ins_paid_reported": 25, "billing_status": "pending", "assigned_to": "ann",
            },
            session | {"service_on": date(2026, 1, 1), "billing_status": "approved"},
            session | {"service_on": date(2026, 11, 19), "billing_status": "documented"},
            session | {"service_on": TODAY + timedelta(days=1), "billing_status": "completed"},
            session | {"service_on": date(2026, 1, 1), "billing_status": "written_off"},
        ],
    )  # fmt: skip
    db.execute("update desk.dental_claims set assigned_to = 'ann' where claim_id = 901")
    return db


def listed(db, function, *arguments, **options):
    with published(db) as reader:
        return function(reader, *arguments, **options)


DENTAL = """
    number | age | basis      | bracket | last | amount | status        | payer        | owner
    902    | 91  | submission | 90+     | 91   | 30.00  | Sent          | Acme  Dental | None
    901    | 90  | submission | 61-90   | 10   | 100.00 | Sent          | Acme  Dental | ann
    904    | 79  | submission | 61-90   | 79   | None   | Probably sent | Borealis     | None
    903    | 20  | service    | 0-30    | None | 45.00  | Sent          | Borealis     | None
    """
SESSIONS = """
    number | age | basis      | bracket | last | amount | status        | payer        | owner
    None   | 323 | service    | 90+     | None | 100.00 | approved      | ACME Dental  | None
    None   | 91  | submission | 90+     | None | 100.00 | submitted     | ACME Dental  | None
    None   | 90  | submission | 61-90   | None | 75.00  | pending       | ACME Dental  | ann
    """


@pytest.mark.parametrize(
    ("source", "expected"), [("opendental", DENTAL), ("simplepractice", SESSIONS)]
)
def test_aged_claims_count_from_the_first_sending(practice, source, expected):
    shown = [
        (row.dental_claim_number, row.age_days, row.age_basis, row.bracket,
         row.last_sent_age_days, row.amount, row.status, row.payer_name, row.assigned_to)
        for row in listed(practice, aged_claims, AgedFilter(source=source))
    ]  # fmt: skip
    wanted = [tuple(row.values()) for row in table_rows(expected)]
    assert [tuple(map(str, row)) for row in shown] == wanted


def test_both_worlds_stand_in_one_list_oldest_first(practice):
    ages = [row.age_days for row in listed(practice, aged_claims)]
    assert ages == [323, 91, 91, 90, 90, 79, 20]


def test_each_has_a_random_reference_of_its_own_that_stays(practice):
    rows = listed(practice, aged_claims)
    assert len({row.reference for row in rows}) == 7
    for row in rows:
        assert row.reference.startswith("DC-" if row.source == "opendental" else "RS-")
    assert register(practice) == 0
    assert listed(practice, aged_claims) == rows


def test_a_dental_claim_is_taken_noted_and_snoozed_like_a_session(practice):
    ann = staff_member(practice, "ann")
    row = next(r for r in listed(practice, aged_claims) if r.dental_claim_number == 902)
    assert (row.assigned_to, row.snoozed_until) == (None, None)
    about = {"dental_claim_id": row.dental_claim_id}
    take(practice, ann, **about)
    look_on, until = TODAY + timedelta(days=9), TODAY + timedelta(days=5)
    add_note(
        practice,
        ann,
        "called",
        kind="follow_up",
        outcome="waits",
        next_action_on=look_on,
        **about,
    )
    item = open_item(practice, "follow_up", **about)
    snooze(practice, ann, item, until, "they asked for a week")
    (snoozed,) = listed(practice, aged_claims, AgedFilter(is_snoozed=True))
    assert snoozed.reference == row.reference
    assert (snoozed.assigned_to, snoozed.next_action_on) == ("ann", look_on)
    assert snoozed.snoozed_until == until
    assert len(listed(practice, aged_claims, AgedFilter(is_snoozed=False))) == 6
    open_item(practice, "more_info", **about)
    nothing = listed(practice, aged_claims, AgedFilter(is_snoozed=True))
    assert nothing == [], "there is something to be done about it"


def test_the_last_action_is_a_persons_and_the_latest(practice):
    def last_actions():
        with published(practice) as reader:
            rows = reader.rows(dict, "aged_claims", sql.SQL(""), {})
        return {row["session_id"]: row["last_action"] for row in rows}

    (session,) = listed(practice, aged_claims, AgedFilter(status="approved"))
    assert last_actions()[session.session_id] is None, (
        "the import that brought it is nobody's action"
    )
    ann = staff_member(practice, "ann")
    add_note(practice, ann, "asked", kind="call", session_id=session.session_id)
    change_status(practice, ann, session.session_id, "pending", details=Details(reason="withdrawn"))
    assert last_actions()[session.session_id] == "pending"


FILTERS = [
    (AgedFilter(source="opendental"), 4),
    (AgedFilter(source="simplepractice"), 3),
    (AgedFilter(payer="Borealis"), 2),
    (AgedFilter(bracket="90+"), 3),
    (AgedFilter(bracket="90+", source="opendental"), 1),
    (AgedFilter(owner="ann"), 2),
    (AgedFilter(is_assigned=False), 5),
    (AgedFilter(status="Sent"), 3),
    (AgedFilter(min_amount=Decimal(75)), 4),
    (AgedFilter(min_amount=Decimal(45), max_amount=Decimal(75)), 2),
    (AgedFilter(bracket="61-90"), 3),
    (AgedFilter(payer="'; drop table desk.sessions --"), 0),
]


def test_filters_combine(practice):
    with published(practice) as reader:
        for which, count in FILTERS:
            assert len(aged_claims(reader, which)) == count, which
            assert sum(total.rows for total in aged_totals(reader, which)) == count, which


def test_pages_follow_one_order(practice):
    whole = listed(practice, aged_claims, order=Order("amount"), limit=None)
    assert [row.amount for row in whole] == [30, 45, 75, 100, 100, 100, None]
    pages = [
        row
        for offset in range(0, 8, 2)
        for row in listed(practice, aged_claims, order=Order("amount"), limit=2, offset=offset)
    ]
    assert pages == whole
    for wrong in ({"order": Order("full_name")}, {"limit": 201}, {"limit": 0}, {"offset": -1}):
        with pytest.raises(Refused) as refused:
            listed(practice, aged_claims, **wrong)
        assert refused.value.status == 422


def test_totals_are_of_all_pages(practice):
    totals = {(t.source, t.bracket): t for t in listed(practice, aged_totals)}
    dental = totals["opendental", "61-90"]
    assert (dental.rows, dental.amount, dental.unestimated) == (2, 100, 1)
    assert sum(t.amount for t in totals.values()) == 450


def test_forgotten_money_is_what_nobody_asked_for(practice):
    rows = [
        (row.kind, row.procedure_id or row.dental_claim_number, row.age_days, row.amount,
         row.days_left, row.is_default_deadline, row.payer_name)
        for row in listed(practice, forgotten_money)
    ]  # fmt: skip
    assert rows == [
        ("claim_never_sent", 908, 354, 70, 11, True, "Borealis"),
        # a payer of that name takes claims for 120 days
        ("claim_never_sent", 907, 19, 60, 101, False, "Acme  Dental"),
        ("procedure_on_no_claim", 20, 10, 88, 110, False, "Acme  Dental"),
        ("session_never_billed", None, 1, 100, 119, False, "ACME Dental"),
        ("procedure_on_no_claim", 7, 1, 12, 119, False, "Acme  Dental"),
        ("procedure_on_no_claim", 21, 366, None, -1, True, "Borealis"),  # too late
    ]
    late = listed(practice, forgotten_money, ForgottenFilter(max_days_left=14))
    assert len(late) == 2
    totals = {t.kind: (t.rows, t.amount) for t in listed(practice, forgotten_totals)}
    assert totals == {
        "procedure_on_no_claim": (3, 100),
        "claim_never_sent": (2, 130),
        "session_never_billed": (1, 100),
    }


def test_the_filing_days_that_stand_in_can_be_set_and_an_alias_is_a_name(practice):
    practice.execute(
        "update desk.practice_setting set value = '100' where name = 'dental_filing_days'"
    )
    stricter = invented.payer(practice, "Acme of the North", filing_days=30)
    practice.execute("insert into desk.payer_aliases values ('acme dental', %s)", [stricter])
    left = {
        row.procedure_id: row.days_left
        for row in listed(practice, forgotten_money, ForgottenFilter(kind="procedure_on_no_claim"))
    }
    assert left == {21: -266, 20: 20, 7: 29}


def test_open_dental_claims_are_handed_to_the_queue(practice):
    claims = listed(practice, open_claims)
    days = sorted((claim.first_sent_on, claim.amount) for claim in claims if claim.amount)
    assert days == [
        (date(2026, 8, 21), 30), (date(2026, 8, 22), 100), (date(2026, 10, 31), 45)
    ]  # fmt: skip
    assert len(claims) == 4


def test_before_anything_is_published_there_are_sessions_only(db):
    assert listed(db, aged_claims) == []
    assert listed(db, forgotten_money) == []
    assert listed(db, open_claims) is None
    assert register(db) == 0
    row = {"billing_status": "submitted", "ins_charge": 100}
    invented.sessions(db, [row, row | {"billing_code": "Y", "billing_status": "completed"}])
    assert [row.source for row in listed(db, aged_claims)] == ["simplepractice"]
    assert [row.kind for row in listed(db, forgotten_money)] == ["session_never_billed"]


def test_with_a_build_and_no_session_there_are_claims_only(desk, db):
    publish_practice(desk.warehouse, PRACTICE, TODAY)
    rows = listed(db, aged_claims)
    assert {row.source for row in rows} == {"opendental"}
    assert {row.reference for row in rows} == {None}  # not registered yet


def test_a_reader_stays_with_its_build_when_another_is_published(practice, desk):
    settled = PRACTICE | {"claim": PRACTICE["claim"].replace(" S           |", " R           |")}
    with published(practice) as reader:
        before = aged_claims(reader)
        thread = Thread(target=publish_practice, args=(desk.warehouse, settled, TODAY))
        thread.start()
        thread.join()
        with desk.open() as other:
            other.execute("update desk.sessions set assigned_to = 'bob'")
            busy = other.execute("select pg_try_advisory_lock(1, %s)", [reader.build]).fetchone()
            assert busy == (False,), "housekeeping could drop it"
        assert aged_claims(reader) == before
    after = listed(practice, aged_claims)
    assert {row.dental_claim_number for row in after} == {None, 904}
    assert {row.assigned_to for row in after if row.session_id} == {"bob"}


def test_a_reader_changes_nothing(practice):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), published(practice) as reader:
        reader.connection.execute("update desk.sessions set hold_reason = 'x'")


def test_no_key_of_the_practice_and_no_day_of_a_visit_is_in_a_repr(practice):
    for row in (*listed(practice, aged_claims), *listed(practice, forgotten_money)):
        assert "dental_claim_number" not in repr(row)
        assert "service_on" not in repr(row)
