"""What each login of the database can do at most, whatever code runs under it."""

import psycopg
import pytest

from tests.desk.conftest import Desk
from tests.desk.money import enter, part
from tests.desk.stages import SERVICE, a_payer, a_session

DENIED = psycopg.errors.InsufficientPrivilege

_NAMES = ("desk.clients", "desk.clinicians", "desk.notes", "desk.sessions", "desk.claims")
_SECRETS = ("desk.secret", "quarantine.refused_row", "quarantine.correction")
_MONEY = ("desk.payments", "desk.payment_allocations", "desk.adjustments", "desk.remittance_lines")


@pytest.fixture(scope="module")
def logins(shared_warehouse):
    return Desk(shared_warehouse)


@pytest.fixture
def owed(db):
    """A payment of 100.00 on a session of 130.00."""
    payer = a_payer(db)
    session_id = a_session(db, "submitted", payer_id=payer)
    payment = enter(db, payer, "100.00", part(session_id, "100.00", remainder="leave_open"))
    return session_id, payment.payment_id


@pytest.mark.parametrize("role", ["reader", "mailer", "builder"])
@pytest.mark.parametrize("table", [*_NAMES, *_SECRETS, *_MONEY])
def test_who_does_not_work_at_the_desk_reads_no_names_keys_or_payments(logins, role, table):
    with logins.open(role) as login, pytest.raises(DENIED):
        login.execute(f"select from {table}")


@pytest.mark.parametrize("role", ["desk", "loader", "reader", "mailer", "builder"])
@pytest.mark.parametrize(
    "statement",
    [
        "update desk.sessions set ins_paid_posted = 1",
        "update desk.sessions set write_off_posted = 1",
        "update desk.sessions set client_transfer = 1",
        "insert into desk.sessions (ins_paid_posted) values (1)",
        "insert into desk.payments (is_reversed) values (true)",
        "update desk.payments set amount = 1",
        "update desk.payment_allocations set amount = 1",
        "update desk.adjustments set amount = 1",
        "update desk.session_status_history set to_status = 'paid'",
        "insert into desk.session_status_history (history_id) overriding system value values (0)",
        "insert into desk.session_status_history (at) values (now())",
        "update desk.denials set amount = 0",
        "update desk.notes set body = 'x'",
        "update desk.submissions set n = 9",
        "update desk.reconciliation_clearances set amount = 0",
        "update desk.secret set value = ''",
        "update ops.audit set actor = 'x'",
        "delete from desk.sessions",
        "delete from desk.payments",
        "delete from desk.session_status_history",
        "truncate desk.notes",
        "truncate desk.sessions cascade",
        "set session_replication_role = replica",
        "alter table desk.payments disable trigger all",
        "select setval('desk.session_status_history_history_id_seq', 1)",
        "set role daysheet_owner",
    ],
)
def test_no_login_writes_around_the_functions(logins, role, statement):
    with logins.open(role) as login, pytest.raises(DENIED):
        login.execute(statement)


@pytest.mark.parametrize("function", ["post_allocations", "post_adjustment", "check_reversal"])
def test_a_trigger_that_runs_as_the_owner_is_not_hung_on_a_table_of_ones_own(logins, function):
    with logins.open() as login, login.transaction(force_rollback=True):
        login.execute("create table load.own (n integer)")
        with pytest.raises(DENIED):
            login.execute(
                f"create trigger t after insert on load.own execute function desk.{function}()"
            )


def test_a_payment_with_money_left_is_not_called_reversed(db, owed):
    with pytest.raises(psycopg.errors.CheckViolation) as error:
        db.execute("update desk.payments set is_reversed = true")
    assert error.value.diag.constraint_name == "reversed_as_a_whole"


@pytest.mark.parametrize("fault", ["of_a_reversal", "of_another_payer"])
def test_a_reversal_is_of_money_received_from_that_payer(db, owed, fault):
    payer, other = a_payer(db), a_payer(db)
    insert = (
        "insert into desk.payments (payer_id, method, received_on, amount, source, by_user,"
        " idempotency_key, reverses_payment_id, reversal_reason) values"
        " (%s, 'eft', %s, %s, 'manual', 'x', gen_random_uuid(), %s, %s) returning payment_id"
    )
    (first,) = db.execute(insert, [payer, SERVICE, 100, None, None]).fetchone()
    (second,) = db.execute(insert, [payer, SERVICE, -60, first, "bounced"]).fetchone()
    wrong = (payer, second) if fault == "of_a_reversal" else (other, first)
    with pytest.raises(psycopg.errors.CheckViolation) as error:
        db.execute(insert, [wrong[0], SERVICE, -10, wrong[1], "bounced"])
    assert error.value.diag.constraint_name == "reverses_money_received"
