"""Many workers at once: no cent is lost or doubled, and who comes second is told so."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from threading import Barrier
from typing import Any

import psycopg
import pytest

from daysheet.desk.money.payments import allocate
from daysheet.desk.money.reversals import take_back
from daysheet.desk.refusals import Refused
from tests.desk.money import counted, enter, part, reverse
from tests.desk.stages import ADMIN, BILLER, SYSTEM, TODAY, a_claim, a_payer, a_session, read

Work = Callable[[psycopg.Connection], Any]


def at_once(desk, works: Sequence[Work]) -> list[Any]:
    """Do each in a thread with a connection of its own, all together; answers or refusals."""
    ready = Barrier(len(works), timeout=60)

    def run(work: Work) -> Any:
        with desk.open() as db:
            ready.wait()
            try:
                return work(db)
            except Refused as refusal:
                return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def agrees(db) -> bool:
    """Whether what sessions and payments say is the sum of the rows behind them."""
    return db.execute(
        """
        select
            (select bool_and(coalesce(ins_paid_posted, 0) = (
                select coalesce(sum(amount), 0) from desk.payment_allocations
                where payment_allocations.session_id = sessions.session_id
            )) from desk.sessions)
            and (select bool_and(allocated between 0 and kept) from desk.payment_balances)
        """
    ).fetchone() == (True,)


def test_case_54_retries_of_one_key_at_the_same_time_are_one_payment(desk, db):
    payer = a_payer(db)
    owed = a_session(db, "submitted", payer_id=payer)
    form = {"method": "cash", "reference": None, "idempotency_key": "form-1"}
    whole = part(owed, "130.00", row_version=read(db, owed, "row_version"))
    answers = at_once(desk, [lambda c: enter(c, payer, "130.00", whole, **form)] * 12)
    assert len({answer.payment_id for answer in answers}) == 1
    assert Counter(answer.is_repeat for answer in answers) == {True: 11, False: 1}
    assert (counted(db, "payments"), counted(db, "payment_allocations")) == (1, 1)


def test_case_55_the_same_check_by_two_people_at_the_same_time_is_one_payment(desk, db):
    payer = a_payer(db)
    answers = at_once(desk, [lambda c: enter(c, payer, "50.00", reference="CHK 7")] * 6)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {refusal.code for refusal in refusals} == {"duplicate_payment"}
    assert (len(refusals), counted(db, "payments")) == (5, 1)


def test_case_58_of_two_billers_on_one_session_one_wins(desk, db):
    payer = a_payer(db)
    owed = a_session(db, "submitted", payer_id=payer)
    seen = read(db, owed, "row_version")
    whole = part(owed, "130.00", row_version=seen)
    answers = at_once(desk, [lambda c: enter(c, payer, "130.00", whole)] * 2)
    (refusal,) = [answer for answer in answers if isinstance(answer, Refused)]
    assert (refusal.status, refusal.code) == (409, "conflict")
    assert "outstanding is now 0.00" in refusal.problem
    assert read(db, owed, "amount_paid", "billing_status") == (130, "paid")
    assert counted(db, "payments") == 1, "what was refused left nothing behind"


def test_case_56_of_reversals_at_the_same_time_one_is_made(desk, db):
    payer = a_payer(db)
    owed = a_session(db, "submitted", payer_id=payer)
    paid = enter(db, payer, "130.00", part(owed, "130.00"))
    answers = at_once(desk, [lambda c: reverse(c, paid)] * 6)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {(one.status, one.code) for one in refusals} == {(409, "already_reversed")}
    assert (len(refusals), read(db, owed, "amount_paid")) == (5, 0)


def test_one_payment_is_not_spent_twice(desk, db):
    payer = a_payer(db)
    payment = enter(db, payer, "100.00")
    sessions = [a_session(db, "submitted", payer_id=payer) for _ in range(8)]
    works = [
        lambda c, to=one: allocate(
            c, BILLER, payment.payment_id, [part(to, "30.00", remainder="leave_open")]
        )
        for one in sessions
    ]
    answers = at_once(desk, works)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {one.code for one in refusals} == {"beyond_payment"}
    assert (len(refusals), agrees(db)) == (5, True)


def test_one_line_is_taken_back_once(desk, db):
    payer = a_payer(db)
    claim = a_claim(db, payer)
    owed = a_session(db, "submitted", payer_id=payer, claim_id=claim, was_sent=False)
    sent = enter(db, payer, "80.00", actor=SYSTEM, source="payment_report")
    allocate(db, SYSTEM, sent.payment_id, [part(owed, "80.00")])

    def back(number: int) -> Work:
        return lambda c: take_back(
            c, SYSTEM, payer_id=payer, claim_id=claim, reference=f"EFT {number}",
            received_on=TODAY, amount=Decimal(-80), idempotency_key=f"line {number}",
        )  # fmt: skip

    answers = at_once(desk, [back(number) for number in range(4)])
    assert Counter(answer.undoes is None for answer in answers) == {True: 3, False: 1}
    assert read(db, owed, "amount_paid") == 0


@pytest.mark.timeout(300)
def test_fifty_workers_posting_on_the_same_sessions_lose_and_double_no_cent(desk, db):
    payer = a_payer(db)
    charge = Decimal(100_000)
    sessions = [a_session(db, "submitted", payer_id=payer, ins_charge=charge) for _ in range(12)]
    draw = Random(7)
    expected: Counter[Any] = Counter()
    works = []
    for worker in range(50):
        plan = []
        for _ in range(3):
            chosen = draw.sample(sessions, 4)
            amounts = [Decimal(draw.randint(1, 9999)) / 100 for _ in chosen]
            plan.append((list(zip(chosen, amounts, strict=True)), draw.random() < 0.3))
        for parts, is_reversed in plan:
            for one, amount in parts:
                expected[one] += Decimal(0) if is_reversed else amount
        works.append(lambda c, plan=plan, worker=worker: post(c, payer, worker, plan))
    answers = at_once(desk, works)
    assert [answer for answer in answers if isinstance(answer, Refused)] == []
    assert {one: read(db, one, "amount_paid") for one in sessions} == dict(expected)
    assert agrees(db)
    assert counted(db, "payments where reverses_payment_id is null") == 150


def post(db, payer, worker, plan) -> None:
    """Payments one after the other, each sent twice, some taken back."""
    for number, (parts, is_reversed) in enumerate(plan):
        allocations = [part(one, str(amount), remainder="leave_open") for one, amount in parts]
        total = str(sum(amount for _, amount in parts))
        form = {"idempotency_key": f"{worker}-{number}", "reference": f"R{worker}N{number}"}
        payment = enter(db, payer, total, *allocations, **form)
        assert enter(db, payer, total, *allocations, **form).is_repeat
        if is_reversed:
            reverse(db, payment, actor=ADMIN)
