"""A visit that came again at another time: the biller says whether it is one visit or two."""

import pytest
from tests.ingest.practice_reports import Practice, paid, visit

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.changes import Details, change_status
from daysheet.desk.refusals import Refused
from daysheet.ingest.reports.corrections import same_visit, two_visits
from daysheet.warehouse import session

BILLER = Actor("bea", DeskRole.BILLER, "ui")
VIEWER = Actor("vic", DeskRole.VIEWER, "ui")


@pytest.fixture
def practice(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    practice.drop_visits("2026-11-13", visit())
    practice.drop_visits("2026-11-14", visit(at="11/02/2026 08:30", fee="170.0", charge="140.0",
                                             unpaid="140.0"))  # fmt: skip
    return practice


@pytest.fixture
def page(practice):
    clock = practice.settings.clock()
    dsn = practice.warehouse.dsn("desk")
    with session(dsn, "tests", autocommit=True, settings=clock) as connection:
        yield connection


def by_time(practice, columns="session_id"):
    """Columns of both sessions, the earlier time first."""
    return practice.query(f"select {columns} from desk.sessions order by service_time")


def ready(page, session_id):
    attested = Details(on=page.execute("select date '2026-11-02'").fetchone()[0])
    return change_status(page, BILLER, session_id, "ready_to_bill", details=attested)


def test_until_it_is_decided_neither_can_become_ready(practice, page):
    for (session_id,) in by_time(practice):
        with pytest.raises(Refused, match="open_conflict"):
            ready(page, session_id)
    two_visits(page, BILLER, by_time(practice)[0][0])
    assert practice.items() == []
    for (session_id,) in by_time(practice):
        assert ready(page, session_id)


def test_one_visit_goes_on_with_its_history_under_the_new_key(practice, page):
    (old,), (new,) = by_time(practice)
    assert same_visit(page, BILLER, new) == old
    assert by_time(
        practice, "session_id, billing_status, ins_charge::text, source_as_of::text"
    ) == [
        (new, "voided", "130.00", "2026-11-13"),
        (old, "completed", "140.00", "2026-11-14"),
    ]
    assert practice.items() == []
    history = practice.query(
        "select session_id, to_status, actor from desk.session_status_history order by history_id"
    )
    assert history == [
        (old, "completed", "system:appointment_status"),
        (new, "completed", "system:appointment_status"),
        (new, "voided", "bea"),
    ]
    outcome = practice.drop_visits("2026-11-15", paid(at="11/02/2026 08:30", charge="140.0"))
    assert practice.verdicts(outcome.file_id)[2][0] == "accepted_with_warning"  # fee is not the sum
    assert by_time(practice, "session_id, billing_status")[1] == (old, "paid")


def test_a_key_that_was_given_up_and_comes_again_is_asked_about(practice, page):
    (_,), (new,) = by_time(practice)
    same_visit(page, BILLER, new)
    both = visit(), visit(at="11/02/2026 08:30", fee="170.0", charge="140.0", unpaid="140.0")
    for day, rows, verdict in (
        ("2026-11-15", both, "accepted_with_warning"),
        ("2026-11-16", (*both, visit(at="11/09/2026 08:00")), "unchanged"),
    ):
        outcome = practice.drop_visits(day, *rows)
        assert practice.verdicts(outcome.file_id)[2][0] == verdict
        assert practice.items() == [("conflict", "source_regression")]
    assert practice.session("billing_status", f"session_id = '{new}'") == ("voided",)


def test_it_is_decided_once_by_a_biller_who_has_seen_the_newest(practice, page):
    (old,), (new,) = by_time(practice)
    for actor, given, status in ((VIEWER, {}, 403), (BILLER, {"row_version": 99}, 409)):
        with pytest.raises(Refused) as refused:
            same_visit(page, actor, new, **given)
        assert refused.value.status == status
    same_visit(page, BILLER, old)
    with pytest.raises(Refused) as refused:
        two_visits(page, BILLER, old)
    assert refused.value.status == 404
