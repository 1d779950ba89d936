"""What must be true of a session, and of what was entered, before its status may change.

Each guard returns if it is content, else raises :class:`~daysheet.desk.refusals.Refused`. In a
trial nothing has been entered yet, so only what entering cannot mend is refused.
"""

import re

from daysheet.desk.actors import DeskRole
from daysheet.desk.amounts import positive
from daysheet.desk.cases import Case
from daysheet.desk.lifecycle.appeals import LEVELS
from daysheet.desk.lifecycle.denials import CATEGORIES, GROUP_CODES
from daysheet.desk.refusals import missing, not_possible, shown

LOCKED_NOTES = ("LOCKED", "SIGNED")  # words of an export, upper case
_NO_CODE = ("", "UNKNOWN")
_REASON_CODE = re.compile(r"[A-Z]{0,2}[0-9]{1,3}")


def _is_excepted(case: Case) -> bool:
    """Whether a lead makes an exception, and says why."""
    if case.is_trial:
        return case.actor.may(DeskRole.LEAD)
    if not case.details.override:
        return False
    case.actor.needs(DeskRole.LEAD, "making an exception")
    if not case.details.reason:
        raise missing("reason")
    return True


def service_reached(case: Case) -> None:
    """The day of service has come."""
    if case.facts.service_on > case.facts.today:
        raise not_possible("service_ahead", "the service date is still ahead")


def note_is_there(case: Case) -> None:
    """The export says that the note is locked, or a person attests its date."""
    if (case.facts.note_status or "").upper() in LOCKED_NOTES or case.is_trial:
        return
    if case.actor.is_system:
        raise not_possible("note_open", "the export does not say that the note is locked")
    if case.details.on is None:
        raise missing("on")


def note_is_of_the_day(case: Case) -> None:
    """A person attests a note of the service day itself; of another day it is documented first."""
    if case.is_trial:
        return
    written_on = case.details.on or case.facts.note_attested_on
    if written_on is None:
        raise missing("on")
    if written_on != case.facts.service_on:
        problem = "a note of another day than the service: mark it documented first"
        raise not_possible("note_of_another_day", problem, field="on")


def ready(case: Case) -> None:
    """Nothing is left that would keep the payer from taking the claim."""
    facts = case.facts
    obstacles = {
        "payer_missing": facts.payer_id is None,
        "payer_inactive": facts.payer_is_active is False,
        "code_missing": facts.billing_code in _NO_CODE,
        "nothing_to_bill": facts.ins_charge <= 0,
        "on_hold": facts.hold_reason is not None,
        "open_conflict": bool({"conflict", "possible_correction"} & set(facts.open_items)),
    }
    for code, stands in obstacles.items():
        if stands:
            raise not_possible(code, f"not ready to bill: {code.replace('_', ' ')}")
    deadline = facts.filing_deadline
    if deadline is not None and facts.today > deadline and not _is_excepted(case):
        raise not_possible("filing_deadline_passed", f"it had to be filed by {shown(deadline)}")


def never_sent(case: Case) -> None:
    """No payer ever had it."""
    if case.facts.was_sent:
        raise not_possible("was_submitted", "it was submitted before")


def sent_by_a_known_way(case: Case) -> None:
    """A payer, and a portal if that is how it takes claims; in the order of days."""
    facts, details = case.facts, case.details
    if facts.payer_id is None:
        raise not_possible("payer_missing", "the session has no payer")
    if case.is_trial:
        return
    if facts.billing_route == "portal" and details.portal_id is None:
        raise missing("portal_id")
    if facts.last_submitted_on is not None and case.on < facts.last_submitted_on:
        problem = f"it was last submitted on {shown(facts.last_submitted_on)}"
        raise not_possible("before_last_submission", problem, field="on")


def claim_not_open_elsewhere(case: Case) -> None:
    """No other session of the claim is at the payer, but for those sent with it the same day."""
    others = [day for day in case.facts.open_on_claim if case.is_trial or day != case.on]
    if others and case.facts.claim_payer_id == case.facts.payer_id and not _is_excepted(case):
        problem = "other sessions of its claim are with the payer: a second claim is a duplicate"
        raise not_possible("claim_open", problem)


def evidence_of_sending(case: Case) -> None:
    """Its claim has a clearinghouse reference, which only a sent claim gets."""
    if case.facts.clearinghouse_ref is None:
        raise not_possible("no_evidence", "no clearinghouse reference says that it was sent")


def settled(case: Case) -> None:
    """Nothing is outstanding, by a posting or by an export that says paid; never by a form."""
    facts = case.facts
    if case.details.via != "posting":
        if not case.actor.is_system:
            problem = "a session becomes paid by posting its payment"
            raise not_possible("needs_posting", problem)
        if facts.ins_unpaid_reported > 0 or facts.ins_paid_reported <= 0:
            raise not_possible("not_paid_at_source", "the export does not say that it is paid")
    if facts.outstanding > 0:
        raise not_possible("still_outstanding", f"{facts.outstanding} is outstanding")


def taken_back(case: Case) -> None:
    """The system reopens what was paid only when money went back."""
    if case.actor.is_system and case.details.via != "reversal":
        raise not_possible("needs_reversal", "a session is reopened by reversing its payment")


def denial_is_known(case: Case) -> None:
    """A category of the list and, if given, a group code of the list and a code like 50 or N130."""
    category, group_code = case.details.category, case.details.group_code
    if category is not None and category not in CATEGORIES:
        raise not_possible("unknown_category", "not a denial category", field="category")
    if group_code is not None and group_code not in GROUP_CODES:
        raise not_possible("unknown_group_code", "not a group code", field="group_code")
    if case.details.carc is not None and not _REASON_CODE.fullmatch(case.details.carc):
        raise not_possible("unknown_carc", "not a CARC or RARC", field="carc")


def denied_before(case: Case) -> None:
    """Back to denied: of a denial known already, or as a new one with its day and category."""
    if case.facts.was_denied or case.is_trial:
        return
    for field in ("on", "category"):
        if getattr(case.details, field) is None:
            raise missing(field)


def next_level(case: Case) -> None:
    """Appeals go up one level at a time, to the third."""
    following = case.facts.appeal_level + 1
    if following > LEVELS:
        raise not_possible("no_level_left", "the third level was the last")
    if not case.is_trial and case.details.level != following:
        raise not_possible("wrong_level", f"the next level is {following}", field="level")


def appeal_in_time(case: Case) -> None:
    """Filed after the denial; by the deadline, unless a lead makes an exception."""
    denied_on, deadline = case.facts.denied_on, case.facts.appeal_deadline
    if denied_on is not None and case.on < denied_on and not case.is_trial:
        raise not_possible("before_denial", f"it was denied on {shown(denied_on)}", field="on")
    if deadline is not None and case.on > deadline and not _is_excepted(case):
        raise not_possible("appeal_deadline_passed", f"it had to be filed by {shown(deadline)}")
    if case.details.due_on is not None and case.details.due_on < case.on:
        raise not_possible("before_filing", f"it is filed on {shown(case.on)}", field="due_on")


def appeal_won(case: Case) -> None:
    """The payer overturned its denial, in whole or in part."""
    _decided(case, ("overturned", "partial"))


def appeal_lost(case: Case) -> None:
    """The payer upheld its denial, or the appeal was withdrawn."""
    _decided(case, ("upheld", "withdrawn"))


def _decided(case: Case, decisions: tuple[str, ...]) -> None:
    if case.is_trial:
        return
    if case.details.decision not in decisions:
        problem = f"the decision is one of: {', '.join(decisions)}"
        raise not_possible("wrong_decision", problem, field="decision")
    filed_on = case.facts.appeal_filed_on
    if filed_on is not None and case.on < filed_on:
        raise not_possible(
            "before_filing", f"the appeal was filed on {shown(filed_on)}", field="on"
        )


def patients_share(case: Case) -> None:
    """All that is left goes to the client; with group code CO the contract usually bars it."""
    facts, details = case.facts, case.details
    group_code = details.group_code or (facts.denial_group_code if facts.denial_is_open else None)
    if group_code == "CO":
        case.actor.needs(DeskRole.LEAD, "billing the client what a contract may bar")
    if details.amount is not None and details.amount != facts.outstanding:
        problem = f"{facts.outstanding} is outstanding, and all of it moves"
        raise not_possible("not_the_balance", problem, field="amount")


def allowed_is_money(case: Case) -> None:
    """If the payer said what it allows, it is a sum of money."""
    if case.details.amount is not None:
        positive(case.details.amount)


def nothing_insured(case: Case) -> None:
    """The system says so only when insurance was charged nothing.

    What the payer denied with group code CO is a lead's to bill the client, also before it is sent
    again.
    """
    if case.actor.is_system:
        if case.facts.ins_charge != 0:
            raise not_possible("insurance_charged", "insurance was charged for it")
    elif case.facts.was_sent and case.facts.denial_group_code == "CO":
        case.actor.needs(DeskRole.LEAD, "billing the client what a contract may bar")


def covered(case: Case) -> None:
    """A payer is known, or is given now."""
    if case.facts.payer_id is None and case.details.payer_id is None and not case.is_trial:
        raise missing("payer_id")


def owed(case: Case) -> None:
    """It is in accounts receivable, or was never billed; then only when it is too late to."""
    facts = case.facts
    if not facts.in_ar and not facts.unbilled:
        raise not_possible("nothing_owed", "insurance owes nothing for it")
    if case.actor.is_system:
        if facts.outstanding > 0 or facts.write_off_reported <= 0:
            raise not_possible("not_written_off_at_source", "the export shows no write-off")
    elif facts.unbilled and (facts.filing_deadline is None or facts.today <= facts.filing_deadline):
        raise not_possible("can_be_billed", "it can still be billed: the deadline is ahead")


def no_open_appeal(case: Case) -> None:
    """The payer is not deciding on it."""
    if case.facts.denial_is_open and case.facts.appeal_is_open:
        raise not_possible("appeal_open", "an appeal is undecided")


def no_live_money(case: Case) -> None:
    """No posted payment is left on it."""
    if case.facts.ins_paid_posted:
        raise not_possible("live_money", "money is posted to it: reverse the payment first")
