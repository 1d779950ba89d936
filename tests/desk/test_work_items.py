"""One open item per subject and kind, whoever asks for it and how often."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from daysheet.desk.actors import system
from daysheet.desk.work import items as work_items

DAG = system("dag", "tests")


@pytest.fixture
def payer(db: psycopg.Connection):
    return db.execute(
        "insert into desk.payers (external_id, name) values ('60054', 'A Payer') returning payer_id"
    ).fetchone()[0]


def state(db, item):
    return db.execute(
        "select amount, due_on, detail, snoozed_until, done_by, outcome, row_version "
        "from desk.work_items where item_id = %s",
        [item],
    ).fetchone()


def test_an_item_is_opened_once_and_keeps_what_is_not_said_again(db, payer):
    first = work_items.open_item(
        db, "payer_review", payer_id=payer, amount=Decimal("12.50"), detail={"reason": "new"}
    )
    made = state(db, first)
    again = work_items.open_item(db, "payer_review", payer_id=payer)
    assert again == first
    assert made[:6] == (Decimal("12.50"), None, {"reason": "new"}, None, None, None)
    assert state(db, first) == made


def test_news_about_an_open_item_wakes_it(db, payer):
    item = work_items.open_item(db, "payer_review", payer_id=payer, due_on=date(2026, 12, 1))
    db.execute("update desk.work_items set snoozed_until = '2026-11-25', snooze_reason = 'called'")
    work_items.open_item(db, "payer_review", payer_id=payer, due_on=date(2026, 12, 1))
    assert state(db, item)[3] == date(2026, 11, 25)
    work_items.open_item(db, "payer_review", payer_id=payer, due_on=date(2026, 11, 30))
    assert state(db, item)[1:4:2] == (date(2026, 11, 30), None)


def test_a_closed_item_may_be_opened_anew_and_only_the_kinds_named_are_closed(db, payer):
    first = work_items.open_item(db, "payer_review", payer_id=payer)
    other = work_items.open_item(db, "conflict", payer_id=payer)
    closed = work_items.close_items(
        db, DAG, outcome="reviewed", kinds=["payer_review"], payer_id=payer
    )
    assert closed == 1
    assert state(db, first)[4:6] == ("system:tests", "reviewed")
    assert state(db, other)[4] is None
    assert work_items.open_item(db, "payer_review", payer_id=payer) != first
    assert work_items.close_items(db, DAG, outcome="payer merged", payer_id=payer) == 2
    assert work_items.close_items(db, DAG, outcome="payer merged", payer_id=payer) == 0


def test_an_item_is_about_something_known(db):
    with pytest.raises(TypeError):
        work_items.open_item(db, "credit", patient_id=uuid4())
    with pytest.raises(TypeError):
        work_items.close_items(db, DAG, outcome="all")
