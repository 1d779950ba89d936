"""Which columns of a session a change of status sets, from what is known and what was entered.

``first_outcome`` and its day are of the payer's first word on a session, the earliest known: an
estimate gives way to a known day, a later one changes nothing. What was denied stays denied at
first: the day of a later yes is no better day for the no.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal

from daysheet.desk.cases import Case, Facts, Stamps
from daysheet.desk.lifecycle.appeals import next_deadline
from daysheet.desk.receipts import day_source

Outcome = Literal["paid", "partial", "denied", "patient", "approved"]


def first_outcome(
    facts: Facts, outcome: Outcome, on: date | None, *, is_estimated: bool = False
) -> Stamps:
    """The stamps of a payer's word of that day, if no earlier one is known."""
    known = facts.first_adjudicated_on
    if on is None or (
        known is not None and (is_estimated, on) >= (facts.first_outcome_is_estimated, known)
    ):
        return {}
    if known is not None and facts.first_outcome == "denied" != outcome and on > known:
        return {}
    return {
        "first_adjudicated_on": on,
        "first_outcome": outcome,
        "first_outcome_is_estimated": is_estimated,
    }


def adjudicated(outcome: Outcome) -> Callable[[Case], Stamps]:
    """The payer said ``outcome``, on the day that was entered."""

    def stamp(case: Case) -> Stamps:
        return first_outcome(case.facts, outcome, case.on, is_estimated=case.details.is_estimated)

    return stamp


def note_dated(case: Case) -> Stamps:
    """The day the note was written, if it was told."""
    return {"note_attested_on": case.details.on} if case.details.on else {}


def sent(case: Case) -> Stamps:
    """The first day stays, so that sending again makes no claim young; an unknown day is none."""
    facts, on = case.facts, case.details.on
    if on is None:
        return {}
    return {
        "first_submitted_on": facts.first_submitted_on or on,
        "last_submitted_on": max(facts.last_submitted_on or on, on),
    }


def unclean(_: Case) -> Stamps:
    """It did not pass at the first submission."""
    return {"clean_claim": False}


def first_money(case: Case) -> Stamps:
    """A part of it was paid."""
    if case.details.via != "posting":
        return {}
    return first_outcome(case.facts, "partial", case.facts.last_money_on) | {
        "needs_disposition": case.facts.outstanding > 0
    }


def allowed_amount(case: Case) -> Stamps:
    """What the payer said it allows, if it said."""
    return {} if case.details.amount is None else {"expected_allowed": case.details.amount}


def paid(case: Case) -> Stamps:
    """Paid on the day of the last payment; unknown if only an export says so."""
    facts = case.facts
    source = facts.last_money_source
    is_clean = facts.clean_claim is not False and not facts.was_denied and facts.submissions <= 1
    return {
        "paid_on": facts.last_money_on,
        "paid_on_source": day_source(source) if source else "unknown",
        "clean_claim": is_clean if facts.was_sent else facts.clean_claim,
    } | _paid_at_first(facts)


def _paid_at_first(facts: Facts) -> Stamps:
    """The rest of a first payment may be written off a day later: it was paid, not paid in part."""
    if facts.first_outcome == "partial" and facts.first_adjudicated_on == facts.last_money_on:
        return {"first_outcome": "paid"}
    return first_outcome(facts, "paid", facts.last_money_on)


def unpaid(_: Case) -> Stamps:
    """No longer paid; the history keeps the day it was."""
    return {"paid_on": None, "paid_on_source": None}


def denied(case: Case) -> Stamps:
    """Denied on the day that was entered; the payer's days for an appeal run from it."""
    deadline = case.on + timedelta(days=case.facts.appeal_days)
    return {"denied_on": case.on, "appeal_deadline": deadline}


def denied_as_before(case: Case) -> Stamps:
    """Denied as it was before the write-off; new if it never was."""
    if case.facts.was_denied and case.facts.denied_on is not None:
        return {}
    return denied(case) | adjudicated("denied")(case)


def appeal_upheld(case: Case) -> Stamps:
    """Days for the next level run from the decision; a withdrawn appeal wins no new ones."""
    if case.details.decision == "withdrawn":
        return {}
    return {"appeal_deadline": next_deadline(case)}


def disposed(_: Case) -> Stamps:
    """Nothing is left to decide about the money."""
    return {"needs_disposition": False}


def payer_given(case: Case) -> Stamps:
    """The payer that was found."""
    return {} if case.details.payer_id is None else {"payer_id": case.details.payer_id}


def to_be_billed(_: Case) -> Stamps:
    """No sending counts any more: it shows as unbilled, aged from service, which is older."""
    return {"first_submitted_on": None, "last_submitted_on": None}
