"""Who hears of an alert."""

import psycopg
import pytest

from daysheet.alerts.recipients import hearers, recipients
from tests.alerts import practice
from tests.alerts.conftest import Days

STAFF = {"bo": "biller", "bi": "biller", "lea": "lead", "leo": "lead", "ada": "admin"}
CASES = [
    # route, owner, escalation, who hears
    ("owner", "bo", 0, {"bo"}),
    ("owner", None, 0, {"lea", "leo"}),
    ("owner", "gone", 0, {"lea", "leo"}),
    ("owner", "bo", 1, {"bo", "lea", "leo"}),
    ("owner", "bo", 2, {"bo", "lea", "leo", "ada"}),
    ("owner", "lea", 0, {"lea"}),
    ("owner", "ada", 0, {"ada"}),
    ("lead", "bo", 0, {"lea", "leo"}),
    ("lead", None, 2, {"lea", "leo", "ada"}),
    ("owner_and_lead", "bi", 0, {"bi", "lea", "leo"}),
    ("owner_and_lead", None, 0, {"lea", "leo"}),
]
WITHOUT_A_LEAD = [
    ("owner", "bo", 0, {"bo"}),
    ("owner", None, 0, {"ada"}),
    ("lead", None, 0, {"ada"}),
    ("owner_and_lead", "bo", 1, {"bo", "ada"}),
]


@pytest.fixture
def db(days: Days) -> psycopg.Connection:
    return days.db


@pytest.fixture
def practice_staff(db):
    for user_id, role in STAFF.items():
        practice.staff(db, user_id, role, display_code=user_id)
    practice.staff(db, "gone", active=False)
    return db


def test_each_alert_goes_to_its_owner_the_leads_or_who_stands_in(practice_staff):
    people = recipients(practice_staff)
    for route, owner, escalation, expected in CASES:
        heard = {each.user_id for each in hearers(people, owner, route, escalation)}
        assert heard == expected, (route, owner, escalation)
    practice_staff.execute("update desk.staff set active = false where desk_role = 'lead'")
    people = recipients(practice_staff)
    for route, owner, escalation, expected in WITHOUT_A_LEAD:
        heard = {each.user_id for each in hearers(people, owner, route, escalation)}
        assert heard == expected, (route, owner, escalation)


def test_only_active_staff_with_an_address_and_a_right_are_mailed(practice_staff):
    practice.staff(practice_staff, "mute", email=None, display_code="mute")
    practice.staff(practice_staff, "vera", "viewer", display_code="vera")
    people = recipients(practice_staff)
    assert {each.user_id for each in people} == set(STAFF)
    assert {each.user_id for each in people if each.sees_all} == {"lea", "leo", "ada"}
    # who cannot be mailed hears nothing, so a lead does
    assert {each.user_id for each in hearers(people, "mute", "owner", 0)} == {"lea", "leo"}
