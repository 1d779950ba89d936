"""The audit against who may do anything to it: what was done to it later is found and named."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest
from typer.testing import CliRunner

from daysheet.cli import app
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.viewing import record_export, record_view
from daysheet.settings import PROJECT
from daysheet.warehouse import LockClass, session
from daysheet.warehouse.audit_chain import Head, verify

VIEWER = Actor("vera", DeskRole.VIEWER, "ui")
DENIED = psycopg.errors.InsufficientPrivilege


def write(connection, number: int = 1) -> None:
    for each in range(number):
        record_view(connection, VIEWER, f"RS-{each}", [each], "initials")


def verified(warehouse, known: Head | None = None):
    with session(warehouse.dsn("reader"), "tests", autocommit=True) as reader:
        return verify(reader, known)


@pytest.fixture
def ten(db) -> list[int]:
    """Ten rows, each written for itself: their keys, in order."""
    write(db, 10)
    return [key for (key,) in db.execute("select audit_id from ops.audit order by audit_id")]


@pytest.fixture
def superuser(warehouse):
    """A session that may do anything and for which no trigger fires."""
    with psycopg.connect(warehouse.admin, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def test_what_was_written_is_whole(db, warehouse):
    assert verified(warehouse).as_dict() == {
        "verified": True, "head": "0:", "count": 0, "digest": "", "fault": None,
    }  # fmt: skip
    write(db, 3)
    record_export(db, VIEWER, "aging.csv", [7], reason='"quoted", \\ and Zoë 💡', shown="names")
    first = verified(warehouse)
    assert (first.fault, first.head.count) == (None, 4)
    write(db, 2)
    later = verified(warehouse, known=first.head)
    assert (later.fault, later.head.count) == (None, 6)
    assert later.head.digest != first.head.digest


def test_every_column_of_a_row_is_sealed(db):
    columns = [name for (name,) in db.execute(
        "select attname from pg_attribute where attrelid = 'ops.audit'::regclass and attnum > 0"
        " and not attisdropped order by attnum"
    )]  # fmt: skip
    assert columns == ["audit_id", "at", "actor", "action", "subject", "detail"], (
        "a new column has to be sealed, and verified, too"
    )


@pytest.mark.parametrize(
    "edit",
    [
        "audit_id = default", "at = at + interval '1 microsecond'", "actor = 'somebody else'",
        "action = 'exported'", "subject = 'RS-other'", "detail = '{}'",
        "detail = detail || '{\"clients\": []}'",
    ],
)  # fmt: skip
def test_an_edit_is_named(warehouse, ten, superuser, edit):
    superuser.execute(f"update ops.audit set {edit} where audit_id = %s", [ten[4]])
    fault = verified(warehouse).fault
    named = ("deleted" if "audit_id" in edit else "changed", 5, ten[4])
    assert (fault.code, fault.seal, fault.audit_id) == named


def test_the_first_of_several_is_named(warehouse, ten, superuser):
    superuser.execute("update ops.audit set actor = 'x' where audit_id = any(%s)", [ten[6:2:-1]])
    assert verified(warehouse).fault.audit_id == ten[3]


def test_an_edit_that_is_sealed_again_breaks_the_next(warehouse, ten, superuser):
    superuser.execute("update ops.audit set actor = 'x' where audit_id = %s", [ten[4]])
    reseal(superuser, 5, 5)
    assert verified(warehouse).fault.audit_id == ten[5]


@pytest.mark.parametrize("with_seal", [False, True])
def test_a_deletion_is_named(warehouse, ten, superuser, with_seal):
    superuser.execute("delete from ops.audit where audit_id = %s", [ten[4]])
    if with_seal:
        superuser.execute("delete from ops.audit_seal where audit_id = %s", [ten[4]])
    fault = verified(warehouse).fault
    assert (fault.code, fault.seal) == ("deleted", 5)
    assert fault.audit_id == (None if with_seal else ten[4])


def test_a_deletion_that_is_numbered_anew_is_named(warehouse, ten, superuser):
    for table in ("audit", "audit_seal"):
        superuser.execute(f"delete from ops.{table} where audit_id = %s", [ten[4]])
    for seal in range(6, 11):
        superuser.execute("update ops.audit_seal set seal = seal - 1 where seal = %s", [seal])
    fault = verified(warehouse).fault
    assert (fault.code, fault.seal, fault.audit_id) == ("changed", 5, ten[5])
    assert "or a row before it deleted" in fault.said


def test_an_insertion_past_the_trigger_is_named(warehouse, ten, superuser):
    write(superuser)
    fault = verified(warehouse).fault
    assert (fault.code, fault.audit_id) == ("inserted", ten[-1] + 1)


def test_an_insertion_with_a_seal_is_named(warehouse, ten, superuser):
    for seal in range(10, 4, -1):
        superuser.execute("update ops.audit_seal set seal = seal + 1 where seal = %s", [seal])
    write(superuser)
    superuser.execute("insert into ops.audit_seal values (5, %s, sha256(''))", [ten[-1] + 1])
    reseal(superuser, 5, 5)
    fault = verified(warehouse).fault
    assert (fault.code, fault.seal) == ("inserted", 5)


@pytest.mark.parametrize("moved", ["seals", "rows"])
@pytest.mark.parametrize(("one", "other"), [(4, 5), (2, 8), (1, 2), (9, 10)])
def test_rows_in_another_order_are_named(warehouse, ten, superuser, moved, one, other):
    column = {"seals": "seal", "rows": "audit_id"}[moved]
    a, b = (one, other) if moved == "seals" else (ten[one - 1], ten[other - 1])
    for old, new in ((a, 99), (b, a), (99, b)):
        superuser.execute(
            f"update ops.audit_seal set {column} = %s where {column} = %s", [new, old]
        )
    fault = verified(warehouse).fault
    assert (fault.code, fault.seal, fault.audit_id) == ("reordered", one, ten[other - 1])


def test_a_tail_that_was_cut_shows_to_who_knows_a_head(warehouse, ten, superuser):
    known = verified(warehouse).head
    for table in ("audit", "audit_seal"):
        superuser.execute(f"delete from ops.{table} where audit_id > %s", [ten[6]])
    assert verified(warehouse).fault is None
    fault = verified(warehouse, known).fault
    assert (fault.code, fault.seal) == ("cut", 8)
    assert "newest 3 of 10" in fault.said


def test_a_tail_that_was_cut_and_grew_again_shows_too(db, warehouse, ten, superuser):
    known = verified(warehouse).head
    for table in ("audit", "audit_seal"):
        superuser.execute(f"delete from ops.{table} where audit_id > %s", [ten[6]])
    write(db, 5)
    assert verified(warehouse).fault is None
    assert verified(warehouse, known).fault.code == "rewritten"


def test_a_chain_sealed_anew_from_an_edit_on_is_no_longer_the_known_one(warehouse, ten, superuser):
    known = verified(warehouse).head
    superuser.execute("update ops.audit set actor = 'x' where audit_id = %s", [ten[4]])
    reseal(superuser, 5, 10)
    assert verified(warehouse).fault is None
    assert verified(warehouse, known).fault.code == "rewritten"


def test_seals_are_written_by_the_trigger_alone(warehouse, ten):
    for role in ("desk", "loader", "builder", "reader", "mailer"):
        for statement in (
            f"insert into ops.audit_seal values (11, {ten[0]}, sha256(''))",
            "update ops.audit_seal set digest = sha256('')",
            "delete from ops.audit_seal",
            "truncate ops.audit_seal",
            "select ops.seal(audit) from ops.audit",
            "insert into ops.audit (at, actor, action, subject) values (now(), 'a', 'b', 'c')",
            "alter table ops.audit disable trigger seal_at_commit",
        ):
            with session(warehouse.dsn(role), "tests") as login, pytest.raises(DENIED):
                login.execute(statement)


@pytest.mark.parametrize("statement", [
    "update ops.audit_seal set seal = seal", "delete from ops.audit_seal",
    "truncate ops.audit_seal",
])  # fmt: skip
def test_seals_are_not_changed_by_mistake_either(warehouse, ten, statement):
    with (
        psycopg.connect(warehouse.admin) as owner,
        pytest.raises(psycopg.errors.RestrictViolation),
    ):
        owner.execute(statement)


def test_the_trigger_is_not_hung_on_a_table_of_ones_own(warehouse):
    with session(warehouse.dsn("loader"), "tests") as login:
        login.execute("create table load.own (like ops.audit)")
        with pytest.raises(DENIED):
            login.execute(
                "create trigger t after insert on load.own execute function ops.seal_at_commit()"
            )


def test_a_row_is_not_written_where_the_newest_seal_cannot_be_seen(db):
    db.execute("set default_transaction_isolation = 'repeatable read'")
    with pytest.raises(psycopg.errors.InvalidTransactionState):
        write(db)


def test_what_is_undone_was_never_sealed(db, warehouse):
    with db.transaction(force_rollback=True):
        write(db)
    with db.transaction():
        write(db)
        with db.transaction(force_rollback=True):
            write(db, 3)
    verdict = verified(warehouse)
    assert (verdict.fault, verdict.head.count) == (None, 1)


def test_fifty_writers_at_once_leave_a_whole_chain(warehouse):
    def work(writer: int) -> None:
        with session(warehouse.dsn("desk"), "tests", autocommit=True) as connection:
            for turn in range(4):
                with connection.transaction():
                    write(connection, 1 + (writer + turn) % 3)

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(work, range(50)))
    verdict = verified(warehouse)
    assert verdict.fault is None
    assert verdict.head.count == sum(1 + (writer + turn) % 3
                                     for writer in range(50) for turn in range(4))  # fmt: skip


def test_a_look_waits_for_no_transaction_that_has_a_row(db, warehouse):
    with session(warehouse.dsn("builder"), "tests") as publishing:
        publishing.execute(
            "insert into ops.audit (actor, action, subject) values ('p', 'publish', 'build 1')"
        )
        began = time.monotonic()
        db.execute("set statement_timeout = '2s'")
        write(db)
        assert time.monotonic() - began < 1
    assert verified(warehouse).head.count == 2


def test_a_commit_waits_for_the_one_before_it(db, warehouse):
    with psycopg.connect(warehouse.admin) as holder:
        holder.execute("select pg_advisory_xact_lock(%s, 0)", [LockClass.AUDIT])
        db.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            write(db)


def test_rows_from_before_are_sealed_by_the_migration(warehouse, ten):
    migration = (PROJECT / "sql" / "migrations" / "0015.audit-chain.sql").read_text()
    with psycopg.connect(warehouse.admin) as owner:
        for statement in (
            "drop trigger seal_at_commit on ops.audit", "drop table ops.audit_seal",
            "drop function ops.seal_at_commit", "drop function ops.seal",
            "drop index ops.audit_by_client", "drop index ops.audit_by_subject",
        ):  # fmt: skip
            owner.execute(statement)
        owner.execute(migration)
    with session(warehouse.dsn("desk"), "tests", autocommit=True) as connection:
        write(connection)
    verdict = verified(warehouse)
    assert (verdict.fault, verdict.head.count) == (None, 11)


def test_a_hundred_thousand_rows_are_verified_in_seconds(db, warehouse):
    with db.transaction():
        db.execute(
            "insert into ops.audit (actor, action, subject, detail) select 'vera', 'viewed',"
            " 'RS-' || n, jsonb_build_object('shown', 'initials', 'clients', jsonb_build_array(n))"
            " from generate_series(1, 100000) as n"
        )
    began = time.monotonic()
    verdict = verified(warehouse)
    assert (verdict.fault, verdict.head.count) == (None, 100_000)
    assert time.monotonic() - began < 30  # about one where nothing else runs


def test_the_command_names_the_row_and_fails(warehouse, ten, superuser):
    def run(*options: str):
        return CliRunner().invoke(
            app, ["audit", "verify", "--dsn", warehouse.dsn("reader"), *options]
        )

    whole = run()
    assert whole.exit_code == 0, whole.output
    head = whole.output.split()[-1]
    assert whole.output.startswith("10 rows, each as it was written; head 10:")
    assert run("--head", head).exit_code == 0
    superuser.execute("update ops.audit set actor = 'x' where audit_id = %s", [ten[4]])
    broken = run()
    assert broken.exit_code == 1
    assert broken.output.startswith(f"changed: audit row {ten[4]} (number 5)")
    told = run("--json")
    assert told.exit_code == 1
    assert json.loads(told.output)["fault"]["audit_id"] == ten[4]


@pytest.mark.parametrize(
    "odd", ["", "10", "10:", "10:abc", "0:" + "a" * 64, "x:" + "a" * 64, "-1:"]
)
def test_what_is_no_head_is_said(odd):
    answer = CliRunner().invoke(
        app, ["audit", "verify", "--dsn", "postgresql://none", "--head", odd]
    )
    assert answer.exit_code == 2
    assert "N:DIGEST" in answer.output


def reseal(superuser, first: int, last: int) -> None:
    """What somebody who knows how would do: compute the seals again."""
    for before, seal in pairwise(range(first - 1, last + 1)):
        superuser.execute(
            "update ops.audit_seal as seals set digest = sha256(coalesce((select digest from"
            " ops.audit_seal where seal = %s), '') || convert_to(jsonb_build_array(audit.audit_id,"
            " (extract(epoch from at) * 1000000)::bigint, actor, action, subject, detail)::text,"
            " 'UTF8')) from ops.audit where audit.audit_id = seals.audit_id and seal = %s",
            [before, seal],
        )
