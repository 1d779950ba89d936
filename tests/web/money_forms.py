"""Forms of the payment pages as a browser sends them: what a page hides in them, what is typed."""

import re
from html import unescape
from uuid import UUID

from tests.desk.money import YESTERDAY
from tests.web.conftest import Browser

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_ROW = ("session", "version", "was", "live")


def said(answer) -> str:
    """What a person reads, whatever the status."""
    body = answer.text.partition("<body>")[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", body).split()))


def location(answer) -> str:
    """Where a write that was done leads, below the root."""
    assert answer.status_code == 303, said(answer)
    return answer.headers["location"].removeprefix("/daysheet")


def hidden(page: str, action: str) -> dict[str, list[str]]:
    """What the form that is sent there hides."""
    form = page.partition(f'action="/daysheet{action}"')[2].partition("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in _HIDDEN.findall(form):
        found.setdefault(name, []).append(unescape(value))
    return found


def rows(page: str, typed: dict[UUID, tuple[str, ...]], action: str) -> dict[str, list[str]]:
    """The rows of a form as shown; ``typed`` is amount, rest and "keep" of some sessions."""
    given = hidden(page, action)
    sent = {name: given.get(name, []) for name in _ROW}
    assert {str(each) for each in typed} <= set(sent["session"]), "not shown"
    chosen = {str(session): (*words, "", "", "")[:3] for session, words in typed.items()}
    shown = [
        chosen.get(session, (was if was != "0.00" else "", "", ""))
        for session, was in zip(sent["session"], sent["was"], strict=True)
    ]
    return sent | {
        "part": [part for part, _, _ in shown],
        "rest": [rest for _, rest, _ in shown],
        "keep": [
            session for session, (_, _, keep) in zip(sent["session"], shown, strict=True) if keep
        ],
    }


def entry(payer: UUID | str, amount: str, **given: object) -> dict[str, object]:
    """The fields of a new payment, without rows."""
    return {
        "payer_id": str(payer), "method": "check", "reference": "CHK 100",
        "received_on": YESTERDAY.isoformat(), "amount": amount, "idempotency_key": "key",
    } | given  # fmt: skip


def offered(browser: Browser, payer: UUID, amount: str = "", **given: object) -> str:
    """The form once a biller has asked for that payer's sessions."""
    answer = browser.send("biller", "/payments", entry(payer, amount, action="show") | given)
    assert answer.status_code == 200
    return answer.text


def order(page: str) -> list[str]:
    """References of the rows shown, in their order."""
    return re.findall(r'for="part-[^"]*">Amount of this payment for (RS-\w+)<', page)
