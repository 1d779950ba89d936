"""Whatever is done in whatever order: the ledger adds up to the cent, and nothing is rewritten."""

from decimal import Decimal

import psycopg
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daysheet.desk.amounts import CENT, share
from daysheet.desk.ledger.adjustments import adjust_payment
from daysheet.desk.money.payments import allocate, split_over_claim
from daysheet.desk.money.settlement import dispose, move, undo
from daysheet.desk.money.splits import correct_split
from daysheet.desk.receipts import unapplied
from daysheet.desk.refusals import Refused
from tests.desk.money import enter, part, reverse
from tests.desk.stages import ADMIN, BILLER, SYSTEM, a_claim, a_payer, a_session

cents = st.integers(1, 30_000).map(lambda number: Decimal(number) / 100)
kinds = st.sampled_from(["contractual", "write_off", "to_client", "from_client"])
weights = st.lists(st.integers(0, 10**6).map(lambda number: Decimal(number) / 100), min_size=1,
                   max_size=12)  # fmt: skip


@given(st.integers(-(10**7), 10**7), weights)
def test_shares_sum_to_the_amount_and_are_within_a_cent_of_their_weight(number, parts):
    amount = Decimal(number) / 100
    shares = share(amount, parts)
    assert sum(shares) == amount
    assert all(one == one.quantize(CENT) and one * amount >= 0 for one in shares)
    if any(parts):
        fair = [amount * weight / sum(parts) for weight in parts]
        assert all(abs(a - b) < CENT for a, b in zip(shares, fair, strict=True))


@given(weights.filter(any), st.data())
def test_no_share_of_what_is_outstanding_goes_beyond_it(parts, data):
    most = int(sum(parts) * 100)
    amount = Decimal(data.draw(st.integers(0, most))) / 100
    assert all(one <= owed for one, owed in zip(share(amount, parts), parts, strict=True))


def test_the_ledger_adds_up_whatever_is_done(module_db):
    class Bound(Ledger):
        db = module_db

    Bound.TestCase.settings = settings(
        max_examples=12, stateful_step_count=25, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    Bound.TestCase().runTest()


class Ledger(RuleBasedStateMachine):
    """Posts, reverses, corrects, writes off and undoes at random; the tables must stay a ledger."""

    db: psycopg.Connection

    @initialize(charges=st.lists(cents, min_size=2, max_size=4))
    def begin(self, charges):
        self.payer, self.payments = a_payer(self.db), []
        self.claim = a_claim(self.db, self.payer)
        self.sessions = [
            a_session(self.db, "submitted", payer_id=self.payer, claim_id=self.claim,
                      ins_charge=charge, was_sent=False)
            for charge in charges
        ]  # fmt: skip
        self.rows: dict[str, dict] = {}

    def attempt(self, work):
        """Do it; what is refused must change nothing, which the invariants see."""
        before = self.money()
        try:
            return work()
        except Refused:
            assert self.money() == before
            return None

    def money(self):
        return self.db.execute(
            "select session_id, row_version, outstanding from desk.sessions order by 1"
        ).fetchall()

    def one_of(self, data, choices):
        assume(choices)
        return data.draw(st.sampled_from(choices))

    def live(self, payment):
        return self.db.execute(
            "select allocation_id from desk.payment_allocations as made where payment_id = %s"
            " and reverses_allocation_id is null and not exists (select from"
            " desk.payment_allocations where reverses_allocation_id = made.allocation_id)"
            " order by created_at, allocation_id",
            [payment.payment_id],
        ).fetchall()

    @rule(amount=cents, rest=st.sampled_from(["leave_open", "contractual", "to_client", None]),
          keep=st.booleans(), data=st.data())  # fmt: skip
    def pay(self, amount, rest, keep, data):
        one = self.one_of(data, self.sessions)
        whole = part(one, str(amount), remainder=rest, keep_credit=keep)
        self.add(lambda: enter(self.db, self.payer, str(amount), whole, actor=ADMIN))

    @rule(amount=cents)
    def remit(self, amount):
        parts = split_over_claim(self.db, self.claim, amount)
        assert sum(one.amount for one in parts) == amount
        sent = {"actor": SYSTEM, "source": "payment_report"}
        self.add(lambda: enter(self.db, self.payer, str(amount), *parts, **sent))

    @rule(amount=cents)
    def keep_unapplied(self, amount):
        self.add(lambda: enter(self.db, self.payer, str(amount)))

    def add(self, work):
        payment = self.attempt(work)
        if payment is not None:
            self.payments.append(payment)

    @rule(most=cents, data=st.data())
    def apply(self, most, data):
        payment, one = self.one_of(data, self.payments), self.one_of(data, self.sessions)
        left = unapplied(self.db, [payment.payment_id])[payment.payment_id]
        whole = part(one, str(min(most, left)), remainder="leave_open", keep_credit=True)
        self.attempt(lambda: allocate(self.db, BILLER, payment.payment_id, [whole]))

    @rule(amount=st.none() | cents.map(str), data=st.data())
    def take(self, amount, data):
        payment = self.one_of(data, self.payments)
        self.attempt(lambda: reverse(self.db, payment, amount, actor=ADMIN))

    @rule(amount=cents, data=st.data())
    def correct(self, amount, data):
        payment = self.one_of(data, self.payments)
        (wrong,) = self.one_of(data, self.live(payment))
        right = part(self.one_of(data, self.sessions), str(amount), remainder="leave_open",
                     keep_credit=True)  # fmt: skip
        self.attempt(lambda: correct_split(self.db, BILLER, payment.payment_id, [wrong], [right]))

    @rule(amount=cents, data=st.data(), kind=kinds)
    def move(self, amount, data, kind):
        one = self.one_of(data, self.sessions)
        self.attempt(lambda: move(self.db, ADMIN, one, kind, amount, reason="why not"))

    @rule(amount=cents, data=st.data())
    def set_aside(self, amount, data):
        payment = self.one_of(data, self.payments).payment_id
        self.attempt(
            lambda: adjust_payment(self.db, ADMIN, payment, "interest", amount, reason="late")
        )

    @rule(data=st.data())
    def undo(self, data):
        made = self.db.execute(
            "select adjustment_id from desk.adjustments"
            " where session_id = any(%s) or payment_id = any(%s) order by created_at",
            [self.sessions, [one.payment_id for one in self.payments]],
        ).fetchall()
        (adjustment_id,) = self.one_of(data, made)
        self.attempt(lambda: undo(self.db, ADMIN, adjustment_id, "changed my mind"))

    @rule(rest=st.sampled_from(["contractual", "to_client", "underpaid"]), data=st.data())
    def decide(self, rest, data):
        one = self.one_of(data, self.sessions)
        self.attempt(lambda: dispose(self.db, ADMIN, one, rest))

    @invariant()
    def sessions_are_the_sum_of_their_rows(self):
        wrong = self.db.execute(
            """
            select session_id from desk.sessions where (
                coalesce(ins_paid_posted, 0), coalesce(write_off_posted, 0), client_transfer
            ) is distinct from (
                (select coalesce(sum(amount), 0) from desk.payment_allocations
                where session_id = sessions.session_id),
                (select coalesce(sum(amount), 0) from desk.adjustments
                where session_id = sessions.session_id and kind in ('contractual', 'write_off')),
                (select coalesce(sum(case kind when 'to_client' then amount else -amount end), 0)
                from desk.adjustments
                where session_id = sessions.session_id and kind in ('to_client', 'from_client'))
            ) or outstanding * payer_credit != 0
            or outstanding - payer_credit != ins_charge - amount_paid - write_off - client_transfer
            """
        ).fetchall()
        assert wrong == []

    @invariant()
    def allocations_stay_within_what_was_received(self):
        assert self.db.execute(
            """
            select payment_id from desk.payment_balances
            where allocated not between 0 and kept or set_aside not between 0 and kept
            or unapplied < 0 or unapplied > kept
            or (state = 'reversed') != (kept = 0)
            """
        ).fetchall() == []  # fmt: skip

    @invariant()
    def paid_is_what_owes_nothing(self):
        assert self.db.execute(
            "select session_id from desk.sessions where billing_status = 'paid' and outstanding > 0"
        ).fetchall() == []  # fmt: skip

    @invariant()
    def what_was_posted_stays_as_it_was(self):
        for table, key in (
            ("payments", "payment_id"),
            ("payment_allocations", "allocation_id"),
            ("adjustments", "adjustment_id"),
        ):
            rows = self.db.execute(
                f"select {key}, to_jsonb(posted) - 'is_reversed' from desk.{table} as posted"
            ).fetchall()
            now, before = dict(rows), getattr(self, "rows", {}).get(table, {})
            assert {key: now.get(key) for key in before} == before
            if hasattr(self, "rows"):
                self.rows[table] = now
