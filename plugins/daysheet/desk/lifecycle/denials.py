"""Denials: why a payer refused, what to do about it, and how one ends."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import psycopg

from daysheet.desk.cases import Case
from daysheet.desk.lifecycle.appeals import Decision, decide
from daysheet.desk.work.items import close_items, open_item

CATEGORIES = (
    "eligibility", "authorization", "coding", "documentation", "timely_filing", "duplicate",
    "coordination_of_benefits", "non_covered", "medical_necessity", "credentialing", "other",
)  # fmt: skip
# contractual obligation, patient responsibility, other adjustment, payer initiated
GROUP_CODES = ("CO", "PR", "OA", "PI")

_SUGGESTED = {
    "eligibility": "corrected_claim",
    "coding": "corrected_claim",
    "duplicate": "corrected_claim",
    "medical_necessity": "appeal",
    "authorization": "appeal",
}
# What the end of a denial says of an appeal nobody has decided.
_IMPLIED: dict[str, Decision] = {"approved": "overturned", "paid": "overturned"}


def suggestion(category: str, group_code: str | None, *, was_sent: bool) -> str | None:
    """What usually helps: ``corrected_claim``, ``appeal`` or ``bill_client``; None: look closer.

    ``was_sent`` says whether a submission proves that the claim was filed.
    """
    if category == "non_covered" and group_code == "PR":
        return "bill_client"
    if category == "timely_filing" and was_sent:
        return "appeal"
    return _SUGGESTED.get(category)


def open_denial(connection: psycopg.Connection, case: Case) -> None:
    """Keep why the payer refused, and give it to a biller.

    If the payer only looked again at what it had denied, it is the same denial with a new day, and
    its appeal was upheld: levels go on where they were.
    """
    facts, details = case.facts, case.details
    # who denies what it has paid takes the money back
    takes_back = facts.amount_paid if facts.billing_status == "paid" else Decimal(0)
    given = {
        "session_id": facts.session_id,
        "denial_id": facts.denial_id,
        "denied_on": case.on,
        "is_estimated": details.is_estimated,
        "category": details.category,
        "carc": details.carc,
        "group_code": details.group_code,
        "note": details.note,
        "amount": facts.outstanding + takes_back,
        "paid_before": facts.amount_paid - takes_back,
        "by_user": case.actor.user_id,
    }
    if facts.denial_is_open:
        decide(connection, case, "upheld", case.on)
        connection.execute(
            "update desk.denials set denied_on = %(denied_on)s, is_estimated = %(is_estimated)s,"
            " category = %(category)s, carc = %(carc)s, group_code = %(group_code)s,"
            " note = %(note)s where denial_id = %(denial_id)s",
            given,
        )
    else:
        connection.execute(
            "insert into desk.denials (session_id, denied_on, is_estimated, category, carc,"
            " group_code, note, amount, paid_before, by_user) values (%(session_id)s,"
            " %(denied_on)s, %(is_estimated)s, %(category)s, %(carc)s, %(group_code)s, %(note)s,"
            " %(amount)s, %(paid_before)s, %(by_user)s)",
            given,
        )
    assert details.category is not None
    helps = suggestion(details.category, details.group_code, was_sent=facts.submissions > 0)
    open_item(
        connection,
        "denial",
        session_id=facts.session_id,
        amount=facts.outstanding,
        due_on=case.on + timedelta(days=facts.appeal_days),
        detail={"category": details.category, "suggestion": helps},
    )


def end_denial(resolution: str) -> Callable[[psycopg.Connection, Case], None]:
    """Close the denial that is open, if one is; what ends it says how an open appeal went."""

    def end(connection: psycopg.Connection, case: Case) -> None:
        decide(connection, case, _IMPLIED.get(resolution, "withdrawn"), case.facts.today)
        _resolve(connection, case, resolution)

    return end


def win_appeal(connection: psycopg.Connection, case: Case) -> None:
    """The appeal was decided for the practice, in whole or in part, and so was the denial."""
    decision: Decision = "partial" if case.details.decision == "partial" else "overturned"
    decide(connection, case, decision, case.on)
    _resolve(connection, case, decision)


def _resolve(connection: psycopg.Connection, case: Case, resolution: str) -> None:
    facts = case.facts
    if not facts.denial_is_open:
        return
    connection.execute(
        "update desk.denials set resolved_on = desk.today(), resolution = %s where denial_id = %s",
        [resolution, facts.denial_id],
    )
    settled = ("denial", "appeal_due")
    about = {"session_id": facts.session_id}
    close_items(connection, case.actor, outcome=resolution, kinds=settled, **about)


def reopen_denial(connection: psycopg.Connection, case: Case) -> None:
    """The denial that the write-off ended stands again; a new one if there was none."""
    if not case.facts.was_denied:
        open_denial(connection, case)
        return
    connection.execute(
        "update desk.denials set resolved_on = null, resolution = null where denial_id = %s",
        [case.facts.denial_id],
    )
