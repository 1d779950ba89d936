"""Whatever people and files try, in any order: the state stays lawful and the history complete."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from daysheet.desk.lifecycle.changes import Details, allowed_next, change_status
from daysheet.desk.lifecycle.transitions import STATUSES
from daysheet.desk.refusals import Refused
from tests.desk.stages import ACTORS, CHARGE, SERVICE, TODAY, a_payer, a_session, read
from tests.desk.test_lifecycle_grid import GRID
from tests.desk.test_lifecycle_history import current, replay
from tests.desk.test_lifecycle_stamps import posted

DAYS = st.dates(SERVICE, TODAY + timedelta(days=1))
DETAILS = st.builds(
    Details,
    on=st.just(TODAY) | DAYS | st.none(),
    reason=st.sampled_from(["because", "because", None]),
    category=st.sampled_from(["coding", "medical_necessity", None]),
    group_code=st.sampled_from([None, None, "CO", "PR"]),
    level=st.sampled_from([1, 1, 2, 3]),
    method=st.just("fax"),
    decision=st.sampled_from(["overturned", "partial", "upheld", "withdrawn"]),
    override=st.booleans(),
    via=st.sampled_from([None, "posting", "reversal"]),
)
# Mostly where the rules lead, so that walks go far.
STEPS = st.lists(
    st.tuples(st.sampled_from("BLLAS"), st.integers(0, 10_000), DETAILS, st.booleans()),
    min_size=4,
    max_size=20,
)


def choose(db, session_id, number):
    """One of the next statuses of the grid; now and then any."""
    listed = sorted(GRID[read(db, session_id, "billing_status")])
    options = listed if number % 5 else STATUSES
    return options[number % len(options)]


def holds(db, session_id):
    """What is true of a session at any time."""
    status, in_ar, unbilled, denied_on, owed, paid, written, moved = read(
        db, session_id, "billing_status", "in_ar", "unbilled", "denied_on", "outstanding",
        "amount_paid", "write_off", "client_transfer",
    )  # fmt: skip
    db.execute("set constraints all immediate")
    db.execute("set constraints all deferred")
    assert replay(db, session_id) == current(db, session_id)
    assert owed == max(CHARGE - paid - written - moved, Decimal(0))
    assert not (in_ar and unbilled)
    if status in ("completed", "documented", "ready_to_bill"):
        assert in_ar or unbilled, "money nobody sees"
    if status in ("paid", "client_responsibility", "written_off", "voided"):
        assert not in_ar
    if status in ("paid", "written_off"):
        assert owed == 0
    open_denials, open_appeals = db.execute(
        "select count(*), count(appeals.appeal_id) from desk.denials left join desk.appeals"
        " on denials.denial_id = appeals.denial_id and decided_on is null"
        " where session_id = %s and resolved_on is null",
        [session_id],
    ).fetchone()
    assert open_denials <= 1
    if status in ("denied", "appealing"):
        assert (open_denials, denied_on is not None) == (1, True)
        assert open_appeals == (status == "appealing")
    if status in ("approved", "paid", "ready_to_bill", "client_responsibility", "written_off"):
        assert (open_denials, open_appeals) == (0, 0)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(start=st.sampled_from(["completed", "documented", "submitted", "denied"]), steps=STEPS)
def test_every_walk_stays_lawful(module_db, start, steps):
    db = module_db
    with db.transaction(force_rollback=True):
        portal = {"billing_route": "simplepractice", "filing_days": 365}
        session_id = a_session(db, start, payer=portal, claim={"clearinghouse_ref": "CR1"})
        for who, number, details, pays in steps:
            if pays and read(db, session_id, "in_ar") and read(db, session_id, "outstanding"):
                posted(db, session_id, read(db, session_id, "outstanding"))
            to = choose(db, session_id, number)
            entered = replace(details, payer_id=a_payer(db)) if to == "documented" else details
            offered = allowed_next(db, ACTORS[who], session_id)
            before = read(db, session_id, "billing_status", "row_version", "outstanding")
            try:
                change_status(db, ACTORS[who], session_id, to, details=entered)
            except Refused:
                assert (
                    read(db, session_id, "billing_status", "row_version", "outstanding") == before
                )
            else:
                by_money = details.via is not None and to in ("paid", "pending")
                assert to in offered or by_money
            holds(db, session_id)
