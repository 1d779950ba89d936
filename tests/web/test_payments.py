"""Entering a payment: what is offered, what is refused, and that it is saved once."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from threading import Barrier, Thread
from uuid import UUID

import pytest

from daysheet.desk.payment_record import RECENT
from tests.desk import invented
from tests.desk.conftest import TODAY
from tests.desk.money import YESTERDAY, counted, enter, part
from tests.desk.stages import LEAD, a_claim, a_payer, a_session, read
from tests.web.practice import MARKUP, SQL, client
from tests.web.test_claim_page import text

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def payer(db) -> UUID:
    return a_payer(db, name=f"Acme {MARKUP}")


def form_of(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form of a new payment, as a browser would send them."""
    form = page.partition("data-unsaved")[2].partition("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(form):
        found.setdefault(name, []).append(unescape(value))
    return found


def filled(payer: UUID | str, amount: str, **given) -> dict[str, object]:
    return {
        "payer_id": str(payer), "method": "check", "reference": "CHK 100",
        "received_on": YESTERDAY.isoformat(), "amount": amount, "idempotency_key": "a-key",
    } | given  # fmt: skip


def rows(page: str, **typed: tuple[str, str]) -> dict[str, list[str]]:
    """The rows of the shown form, with amount and decision typed for some sessions."""
    hidden = form_of(page)
    sent = {name: hidden.get(name, []) for name in ("session", "version", "was", "live")}
    chosen = [typed.get(key.replace("-", "_"), ("", "")) for key in sent["session"]]
    return sent | {"part": [one for one, _ in chosen], "rest": [rest for _, rest in chosen]}


def typed(session: UUID, amount: str, rest: str = "") -> dict[str, tuple[str, str]]:
    return {str(session).replace("-", "_"): (amount, rest)}


def saved(answer) -> str:
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"]


def text_of(answer) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.text).split()))


def shown(browser, payer: UUID, user: str = "biller", **given) -> str:
    return browser.send(user, "/payments", filled(payer, "", action="show") | given).text


def test_a_payment_over_three_sessions_is_saved_and_each_follows(browser, db, payer):
    one, two, three = (a_session(db, "submitted", payer_id=payer) for _ in range(3))
    page = shown(browser, payer)
    sent = rows(page, **typed(one, "130.00"), **typed(two, "1,00.00".replace(",", ""), "contractual"),
                **typed(three, "$20.50", "leave_open"))  # fmt: skip
    where = saved(browser.send("biller", "/payments", filled(payer, "300.00") | sent))
    assert [read(db, each, "billing_status") for each in (one, two, three)] == [
        "paid", "paid", "pending",
    ]  # fmt: skip
    assert read(db, two, "write_off") == Decimal("30.00")
    said = text(browser.ask("biller", where.removeprefix("/daysheet")))
    assert "The payment is saved." in said
    assert "Unapplied $49.50" in said
    assert "On sessions $250.50" in said
