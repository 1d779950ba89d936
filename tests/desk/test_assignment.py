"""Who gets what: shared out evenly, kept, taken once, and back in the pool when somebody leaves."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daysheet.desk import daily
from daysheet.desk.actors import Actor, DeskRole, system
from daysheet.desk.refusals import Refused
from daysheet.desk.work.assignment import Biller, Load, assign, distribute, take
from tests.desk import invented

DAG = system("dag", "tests")
BEA = Actor("bea", DeskRole.BILLER, "ui")
BOB = Actor("bob", DeskRole.BILLER, "ui")
LEA = Actor("lea", DeskRole.LEAD, "ui")
ACME, OTHER = UUID(int=1), UUID(int=2)


def load(payer: UUID | None = None, items: int = 1) -> Load:
    return Load(uuid4(), None, None, payer, items)


@pytest.mark.parametrize(
    ("billers", "loads", "owners"),
    [
        ([("bea", [], 0), ("ann", [], 0)], [load(), load(), load()], ["ann", "bea", "ann"]),
        ([("ann", [], 5), ("bea", [], 0)], [load(), load()], ["bea", "bea"]),
        ([("ann", [OTHER], 0), ("bea", [ACME], 9)], [load(ACME)], ["bea"]),
        ([("ann", [OTHER], 3), ("bea", [OTHER], 1)], [load(ACME)], ["bea"]),
        ([("ann", [], 1), ("bea", [ACME], 0)], [load(OTHER)], ["ann"]),
        ([("ann", [], 0), ("bea", [], 1)], [load(items=3), load()], ["ann", "bea"]),
    ],
    ids=["tie_by_name", "fewest", "covers", "nobody_covers", "covers_all", "items_count"],
)
def test_work_goes_to_who_covers_the_payer_and_has_the_fewest_items(billers, loads, owners):
    assert distribute([Biller(*biller) for biller in billers], loads) == owners


@given(
    st.dictionaries(st.text("abc", min_size=1), st.integers(0, 20), min_size=1, max_size=5),
    st.lists(st.sampled_from([None, ACME, OTHER]), max_size=40),
)
def test_an_even_pool_is_shared_out_evenly_whatever_the_order_of_billers(work, payers):
    billers = [Biller(name, [], items) for name, items in work.items()]
    loads = [load(payer) for payer in payers]
    owners = distribute(billers, loads)
    assert owners == distribute(billers[::-1], loads)
    given_to = Counter(owners)
    final = {name: items + given_to[name] for name, items in work.items()}
    helped = [final[name] for name in given_to]
    assert max(helped, default=0) <= min(final.values()) + 1


@pytest.fixture
def owed(db: psycopg.Connection) -> list[UUID]:
    """Four sessions to follow up, with items, no staff yet."""
    acme = invented.payer(db, external_id="60054")
    sent = {"payer_id": acme, "ins_charge": 100, "billing_status": "submitted"}
    keys = invented.sessions(db, [sent, sent, sent, sent])
    daily.refresh(db, DAG)
    return keys


def owners(db: psycopg.Connection) -> list[tuple[str | None, str | None]]:
    """Owner of each session and of its item, by billing code."""
    return db.execute(
        """
        select sessions.assigned_to, items.assigned_to
        from desk.work_items as items inner join desk.sessions using (session_id)
        where done_at is null order by billing_code
        """
    ).fetchall()


def item_of(db: psycopg.Connection, session_id: UUID) -> tuple[UUID, int]:
    row = db.execute(
        "select item_id, row_version from desk.work_items where session_id = %s", [session_id]
    ).fetchone()
    assert row
    return row


def test_sessions_and_their_items_are_shared_out_together_and_kept(db, owed):
    assert owners(db) == [(None, None)] * 4
    for name in ("bea", "bob"):
        invented.staff(db, name)
    invented.staff(db, "vic", desk_role="viewer")
    invented.staff(db, "out", active=False)
    invented.staff(db, "boss", desk_role="lead", works_claims=False)
    assert daily.refresh(db, DAG).assigned == 4
    first = owners(db)
    assert Counter(first) == {("bea", "bea"): 2, ("bob", "bob"): 2}
    invented.staff(db, "new")
    assert daily.refresh(db, DAG).assigned == 0
    assert owners(db) == first


def test_case_68_what_a_leaver_had_is_back_in_the_pool_that_day(db, owed):
    invented.staff(db, "bea")
    daily.refresh(db, DAG)
    assert owners(db) == [("bea", "bea")] * 4
    db.execute("update desk.staff set active = false where user_id = 'bea'")
    assert daily.refresh(db, DAG).released == 4
    assert owners(db) == [(None, None)] * 4
    invented.staff(db, "bob")
    daily.refresh(db, DAG)
    assert owners(db) == [("bob", "bob")] * 4


def test_a_biller_takes_what_nobody_has_and_only_once(db, owed):
    for name in ("bea", "bob"):
        invented.staff(db, name)
    item, version = item_of(db, owed[0])
    take(db, BEA, item_id=item, row_version=version)
    take(db, BEA, item_id=item)
    assert owners(db)[0] == ("bea", "bea")
    with pytest.raises(Refused) as stale:
        take(db, BOB, item_id=item, row_version=version)
    with pytest.raises(Refused) as taken:
        take(db, BOB, session_id=owed[0])
    assert (stale.value.status, taken.value.status) == (409, 409)
    assert owners(db)[0] == ("bea", "bea")


def test_of_two_who_take_one_session_at_once_one_has_it(desk, db, owed):
    for name in ("bea", "bob"):
        invented.staff(db, name)
    item, version = item_of(db, owed[0])
    together = Barrier(2)

    def try_it(actor: Actor) -> int:
        with desk.open() as own:
            together.wait()
            try:
                take(own, actor, item_id=item, row_version=version)
            except Refused as refused:
                return refused.status
            return 200

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_it, (BEA, BOB))) == [200, 409]
    assert owners(db)[0] in {("bea", "bea"), ("bob", "bob")}


def test_what_a_leaver_has_can_be_taken_before_the_next_refresh(db, owed):
    for name in ("bea", "bob"):
        invented.staff(db, name)
    take(db, BEA, session_id=owed[0])
    db.execute("update desk.staff set active = false where user_id = 'bea'")
    take(db, BOB, session_id=owed[0])
    assert owners(db)[0] == ("bob", "bob")


def test_a_lead_assigns_to_others_and_it_is_written_down(db, owed):
    for name in ("bea", "bob"):
        invented.staff(db, name)
    item, version = item_of(db, owed[0])
    assign(db, LEA, "bea", item_id=item, row_version=version)
    assign(db, LEA, "bob", session_id=owed[0])
    assign(db, LEA, None, session_id=owed[1])
    assert owners(db)[:2] == [("bob", "bob"), (None, None)]
    said = db.execute("select actor, detail from ops.audit order by audit_id").fetchall()
    assert said == [
        ("lea", {"from": None, "to": "bea"}),
        ("lea", {"from": "bea", "to": "bob"}),
    ]


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda db, item: take(db, Actor("vic", DeskRole.VIEWER, "ui"), item_id=item), 403),
        (lambda db, item: assign(db, BEA, "bob", item_id=item), 403),
        (lambda db, item: assign(db, LEA, "nobody", item_id=item), 422),
        (lambda db, item: assign(db, LEA, "vic", item_id=item), 422),
        (lambda db, item: take(db, BEA, item_id=uuid4()), 404),
        (lambda db, item: take(db, BEA, session_id=uuid4()), 404),
        (lambda db, item: assign(db, LEA, "bea", item_id=item, row_version=99), 409),
    ],
    ids=["viewer", "biller", "unknown", "viewer_owner", "no_item", "no_session", "stale"],
)
def test_what_is_not_allowed_changes_nothing(db, owed, act, status):
    for name in ("bea", "bob"):
        invented.staff(db, name)
    invented.staff(db, "vic", desk_role="viewer")
    with pytest.raises(Refused) as refused:
        act(db, item_of(db, owed[0])[0])
    assert refused.value.status == status
    assert owners(db) == [(None, None)] * 4


def test_dental_claims_are_taken_like_sessions(db):
    invented.staff(db, "bea")
    claim = invented.insert(db, "dental_claims", {"claim_id": 7}, "dental_claim_id")
    take(db, BEA, dental_claim_id=claim, row_version=1)
    with pytest.raises(Refused) as stale:
        take(db, BEA, dental_claim_id=claim, row_version=1)
    assert stale.value.status == 409
    assert db.execute("select assigned_to from desk.dental_claims").fetchone() == ("bea",)
