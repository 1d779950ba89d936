"""Claims, visits and money may arrive in any order: sessions, work and dollars end the same."""

from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.ingest.loaded_reports import practice_in

# A corrected export tells of the visits again: only of the two must the older come first.
VISITS, CORRECTED = "01", "02"
ORDERS = [
    order
    for order in permutations([VISITS, "04", "05", "06", CORRECTED])
    if order.index(VISITS) < order.index(CORRECTED)
]
SESSIONS = """
    select
        service_on, service_time, full_name, billing_code, billing_status, clearinghouse_ref,
        payer_claim_no, source_status, source_status_on, submitted_on, first_submitted_on,
        last_submitted_on, paid_on, paid_on_source, denied_on, appeal_deadline,
        first_adjudicated_on, first_outcome, first_outcome_is_estimated, ins_paid_posted,
        amount_paid, write_off, client_transfer, outstanding, payer_credit, needs_disposition,
        clean_claim, (
            select array_agg(kind order by kind) from desk.work_items
            where work_items.session_id = sessions.session_id and done_at is null
        ) as items
    from desk.sessions
    inner join desk.clients using (client_id)
    left join desk.claims using (claim_id)
    order by service_on, service_time, full_name, billing_code
"""
MONEY = """
    select received_on, amount, coalesce(unapplied, 0) as unapplied
    from desk.payments left join desk.payment_balances using (payment_id, received_on, amount)
    order by received_on, amount, payments.reference
"""
REFUSED = """
    select table_name, line, reasons from ops.row_verdict
    inner join ops.file using (file_id) where verdict = 'quarantined' and decision is null
    order by table_name, line
"""


@pytest.fixture(scope="module")
def outcome_of(shared_warehouse, tmp_path_factory):
    """What all there is looks like after the samples of an order; nothing of it stays."""
    with practice_in(shared_warehouse, tmp_path_factory.mktemp("reports")) as practice:

        def load(order):
            with practice.loader.transaction(force_rollback=True):
                for number in order:
                    practice.load_sample(number)
                practice.loader.execute("set constraints all immediate")
                return [
                    practice.loader.execute(each).fetchall() for each in (SESSIONS, MONEY, REFUSED)
                ]

        yield load


@pytest.fixture(scope="module")
def expected(outcome_of):
    return outcome_of((VISITS, "04", "05", "06", CORRECTED))


@settings(max_examples=5, deadline=None)
@example((VISITS, "05", "04", "06", CORRECTED))
@given(st.sampled_from(ORDERS))
def test_every_order_of_the_files_ends_the_same(outcome_of, expected, order):
    assert outcome_of(order) == expected
