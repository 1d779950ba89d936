"""What the outbox takes: one digest a day and person, one ops mail a cause and hour."""

from datetime import date
from threading import Barrier, Thread

import pytest

from daysheet.mail.outbox import Mail, NoDigest, put, send_again, tell_ops
from daysheet.warehouse import session
from tests.mail.conftest import DOMAINS

DAY = date(2026, 11, 20)
BODY = {"subject": "s", "text": "t", "html": "<p>t</p>"}


def digest(person: str = "vera", recipient: str | None = None, **given) -> Mail:
    address = recipient or f"{person}@practice.example"
    values = BODY | {"staff_id": person, "digest_date": DAY, "line_count": 3} | given
    return Mail("digest", address, **values)


def row(db, mail_id: int, columns: str) -> tuple:
    return db.execute(f"select {columns} from ops.mail where mail_id = %s", [mail_id]).fetchone()


def test_a_person_has_one_digest_a_day(db):
    first = put(db, digest(), domains=DOMAINS)
    assert row(db, first, "message_id, state, line_count, issue") == (
        "<digest-2026-11-20-VC.1@daysheet.invalid>",
        "pending",
        3,
        1,
    )
    assert put(db, digest(text="other"), domains=DOMAINS) is None
    assert put(db, digest("boris"), domains=DOMAINS) > first
    assert put(db, digest(digest_date=date(2026, 11, 23)), domains=DOMAINS) > first


@pytest.mark.parametrize("role", ["desk", "mailer"])
def test_whoever_evaluates_alerts_or_sends_may_write(db, warehouse, role):
    with session(warehouse.dsn(role), "tests", autocommit=True) as connection:
        assert put(connection, digest(), domains=DOMAINS)
        assert send_again(connection, "vera", domains=DOMAINS)


@pytest.mark.parametrize(
    ("recipient", "problem"),
    [
        ("vera@practice.example", None),
        ("Vera.C+desk@PRACTICE.example", None),
        ("vera@elsewhere.example", "domain_not_allowed"),
        ("vera@practice.example.evil.example", "domain_not_allowed"),
        ("vera@sub.practice.example", "domain_not_allowed"),
        ("vera@evil.example,x@practice.example", "address_not_plain"),
        ("vera@evil.example>,<x@practice.example", "address_not_plain"),
        ("vera,boris@practice.example", "address_not_plain"),
        ('"vera"@practice.example', "address_not_plain"),
        ("vera@practice.example\r\nBcc: x@evil.example", "address_not_plain"),
        ("vera@practice.example\n", "address_not_plain"),
        ("véra@practice.example", "address_not_plain"),
        ("-vera@practice", "address_not_plain"),
        ("", "address_not_plain"),
    ],
)
def test_nobody_outside_the_practice_gets_a_digest(db, recipient, problem):
    written = put(
        db, Mail("digest", recipient, **BODY, staff_id="vera", digest_date=DAY), domains=DOMAINS
    )
    state = "failed" if problem else "pending"
    assert row(db, written, "state, problem") == (state, problem)


@pytest.mark.parametrize(
    ("subject", "stored"),
    [
        ("4 claims\r\nBcc: x@evil.example", "4 claims Bcc: x@evil.example"),
        ("a\n b\u2028c\x85d\x00e\x1bf", "a b c d e f"),
        ("\u202eevil \ud800", "evil"),
    ],
)
def test_a_subject_is_one_line_of_what_can_be_printed(db, subject, stored):
    assert row(db, put(db, digest(subject=subject), domains=DOMAINS), "subject") == (stored,)


def test_what_postgres_cannot_store_does_not_keep_a_mail_from_being_written(db):
    written = put(db, digest(text="a\0b\ud800", html="\0"), domains=DOMAINS)
    assert row(db, written, "text_body, html_body") == ("ab?", "")


@pytest.mark.parametrize(
    ("code", "shown"),
    [("A B", "A%20B"), ("a@b>", "a%40b%3E"), ("É.", "%C3%89%2E")],
)
def test_any_display_code_makes_a_message_id(db, admin, code, shown):
    admin.execute("update desk.staff set display_code = %s where user_id = 'vera'", [code])
    written = put(db, digest(), domains=DOMAINS)
    assert row(db, written, "message_id") == (f"<digest-2026-11-20-{shown}.1@daysheet.invalid>",)


def tell(db, cause="dag:open_build", **given):
    return tell_ops(db, cause, "ops@anywhere.example", **BODY | given)


def test_ops_hear_of_a_cause_once_an_hour(db, admin):
    first = tell(db)
    assert row(db, first, "state, recipient") == ("pending", "ops@anywhere.example")
    assert tell(db) is None
    assert tell(db, "dag:housekeeping") > first
    admin.execute(
        "update ops.mail set state = 'sent', sent_at = now(),"
        " created_at = now() - interval '59 minutes'"
    )
    assert tell(db) is None
    assert row(db, first, "repeats") == (2,)
    admin.execute("update ops.mail set created_at = now() - interval '61 min'")
    second = tell(db)
    assert second > first
    assert row(db, second, "repeats") == (0,)


def test_what_waits_for_a_server_is_not_told_again_after_an_hour(db, admin):
    first = tell(db)
    admin.execute("update ops.mail set created_at = now() - interval '3 days'")
    assert tell(db) is None
    assert row(db, first, "repeats, state") == (1, "pending")


def test_ten_failures_at_once_make_one_mail(db, warehouse):
    ready, told = Barrier(10), []

    def fail() -> None:
        with session(warehouse.dsn("mailer"), "tests", autocommit=True) as connection:
            ready.wait(10)
            told.append(tell(connection))

    threads = [Thread(target=fail) for _ in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    written = [mail_id for mail_id in told if mail_id]
    assert len(told) == 10
    assert len(written) == 1
    assert row(db, written[0], "repeats") == (9,)


def test_a_digest_is_sent_again_as_its_next_issue_to_the_address_of_today(db, admin):
    put(db, digest(digest_date=date(2026, 11, 19), text="older"), domains=DOMAINS)
    put(db, digest(), domains=DOMAINS)
    admin.execute("update desk.staff set email = 'v@practice.example' where user_id = 'vera'")
    for issue in (2, 3):
        again = send_again(db, "vera", domains=DOMAINS)
        assert row(db, again, "message_id, recipient, text_body, line_count, state") == (
            f"<digest-2026-11-20-VC.{issue}@daysheet.invalid>",
            "v@practice.example",
            "t",
            3,
            "pending",
        )


def test_sending_again_keeps_to_the_allow_list(db):
    put(db, digest(), domains=DOMAINS)
    again = send_again(db, "vera", domains=frozenset({"other.example"}))
    assert row(db, again, "state, problem") == ("failed", "domain_not_allowed")


@pytest.mark.parametrize("change", ["active = false", "email = null", "user_id = 'vera'"])
def test_nothing_is_sent_again_to_who_may_not_have_it(db, admin, change):
    if "user_id" not in change:
        put(db, digest(), domains=DOMAINS)
    admin.execute(f"update desk.staff set {change} where user_id = 'vera'")
    with pytest.raises(NoDigest):
        send_again(db, "vera", domains=DOMAINS)
