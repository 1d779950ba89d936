"""The forms of a claim's record: what each asks for, and what was entered as the desk takes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, cast, get_args
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from daysheet.desk.cases import Details, Facts
from daysheet.desk.ledger.adjustments import SessionKind
from daysheet.desk.lifecycle.denials import CATEGORIES, suggestion
from daysheet.desk.lifecycle.permission import LONGEST_REASON, NextStep
from daysheet.desk.reading.claim_record import ClaimRecord, Line
from daysheet.desk.reading.claim_work import ClaimWork
from daysheet.desk.refusals import conflict, not_possible
from daysheet.web.typed import amount_of, day_of, key_of
from daysheet.web.wording import words

Words = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]
Version = Annotated[int, Field(ge=0, lt=2**31)]
Seen = Annotated[str, StringConstraints(pattern=r"^(RS|DC)-[A-Z2-9]{7}:[0-9]{1,9}$")]

METHODS = ("portal", "fax", "mail", "phone", "email")
DECISIONS = {"approved": ("overturned", "partial"), "denied": ("upheld", "withdrawn")}
# What the day of a change is called, by the status it leads to.
DAY_OF = {
    "documented": "Note written on",
    "ready_to_bill": "Note written on",
    "submitted": "Sent on",
    "denied": "Denied on",
    "appealing": "Filed on",
}


class StatusForm(BaseModel):
    """A wished change of status, as it was typed."""

    to: Words = ""
    seen: list[Seen] = []
    on: Words = ""
    reason: Words = ""
    category: Words = ""
    carc: Words = ""
    group_code: Words = ""
    note: Words = ""
    portal_id: Words = ""
    level: Words = ""
    method: Words = ""
    due_on: Words = ""
    decision: Words = ""
    amount: Words = ""
    payer_id: Words = ""
    override: Words = ""

    def details(self) -> Details:
        """As the lifecycle takes it; raises a 422 naming the field that means nothing."""
        level = self.level.strip()
        if level and not (level.isascii() and level.isdigit() and len(level) < 3):
            raise not_possible("bad_level", "a level is a number", field="level")
        if len(self.reason) > LONGEST_REASON:
            raise not_possible("too_long", f"at most {LONGEST_REASON} characters", field="reason")
        return Details(
            on=day_of(self.on, "on") if self.on.strip() else None,
            reason=self.reason.strip() or None,
            category=self.category or None,
            carc=self.carc.strip().upper() or None,
            group_code=self.group_code or None,
            note=self.note.strip() or None,
            portal_id=key_of(self.portal_id, "portal_id") if self.portal_id else None,
            level=int(level) if level else None,
            method=self.method.strip() or None,
            due_on=day_of(self.due_on, "due_on") if self.due_on.strip() else None,
            decision=self.decision or None,
            amount=amount_of(self.amount) if self.amount.strip() else None,
            payer_id=key_of(self.payer_id, "payer_id") if self.payer_id else None,
            override=bool(self.override),
        )


class NoteForm(BaseModel):
    """A note as it was typed."""

    seen: list[Seen] = []
    kind: Words = "note"
    body: Words = ""
    outcome: Words = ""
    next_action_on: Words = ""


class OwnerForm(BaseModel):
    """Who is to work on it: ``to`` is a user name, "" for nobody; ``take`` does not ask for it."""

    seen: list[Seen] = []
    act: Words = "take"
    to: Words = ""


class SnoozeForm(BaseModel):
    """An item of work to be put off."""

    key: Words = ""
    row_version: Version = 0
    until: Words = ""
    reason: Words = ""


class AlertForm(BaseModel):
    """What is done about an alert: ``act`` is acknowledge, snooze or close."""

    key: Words = ""
    row_version: Version = 0
    act: Words = "acknowledge"
    until: Words = ""
    note: Words = ""


class MoneyForm(BaseModel):
    """An amount to be moved."""

    seen: list[Seen] = []
    kind: Words = ""
    amount: Words = ""
    reason: Words = ""

    def kind_of_session(self) -> SessionKind:
        """Raises a 422 for what is no such kind."""
        if self.kind not in get_args(SessionKind):
            raise not_possible("unknown_kind", "choose what to do", field="kind")
        return cast("SessionKind", self.kind)


class UndoForm(BaseModel):
    """An adjustment to be undone."""

    key: Words = ""
    reason: Words = ""


@dataclass(frozen=True)
class Wanted:
    """One session or dental claim as somebody saw it when pressing the button."""

    reference: str
    subject: Mapping[str, UUID]
    row_version: int


def wanted(seen: list[str], subjects: Mapping[str, Mapping[str, UUID]]) -> list[Wanted]:
    """What a form is about, of what its record names now; a 409 if it names that no more."""
    found = []
    for each in dict.fromkeys(seen):
        reference, _, version = each.partition(":")
        if reference not in subjects:
            raise conflict(f"{reference} is on another claim now")
        found.append(Wanted(reference, subjects[reference], int(version)))
    return found


@dataclass(frozen=True)
class Option:
    """A status of the dropdown; ``obstacle`` is why it cannot be chosen."""

    status: str
    obstacle: str | None


@dataclass(frozen=True)
class StatusChoice:
    """Where the sessions of a record can go, and, once chosen, what has to be entered for it."""

    options: tuple[Option, ...]
    step: NextStep | None = None
    facts: Facts | None = None
    lines: tuple[Line, ...] = ()
    fields: tuple[tuple[str, bool], ...] = ()  # what is asked for, and whether it must be entered

    @property
    def asks_decision(self) -> bool:
        """Whether it is about what the payer decided on an appeal."""
        return ("decision", True) in self.fields


def status_choice(record: ClaimRecord, work: ClaimWork, to: str) -> StatusChoice:
    """Of all sessions of the record that can take the step; ``to`` is "" before one is chosen.

    Paid is no choice: a session becomes paid by posting its payment.
    """
    found: dict[str, Option] = {}
    for line in record.lines:
        for step in work.next[line.subject_id].steps if line.subject_id in work.next else ():
            known = found.get(step.status)
            if step.status != "paid" and (known is None or known.obstacle):
                found[step.status] = Option(step.status, step.obstacle)
    options = tuple(found.values())
    if to not in found or found[to].obstacle:
        return StatusChoice(options)
    able = [
        (line, step)
        for line in record.lines
        if line.subject_id in work.next
        for step in work.next[line.subject_id].steps
        if step.status == to and step.obstacle is None
    ]
    # Steps of one form ask for the same: those by the same rule as the first.
    first, step = able[0]
    lines = tuple(line for line, each in able if each.rule == step.rule)
    facts = work.next[first.subject_id].facts
    return StatusChoice(options, step, facts, lines, _fields(step, facts))


def _fields(step: NextStep, facts: Facts) -> tuple[tuple[str, bool], ...]:
    rule, must, left_out = step.rule, set(step.rule.asks), set()
    if facts.billing_route == "portal":
        must.add("portal_id")
    if "override" in rule.takes:  # the reason is that of the exception
        (must if step.exception else left_out).update(("override", "reason"))
    if rule.number == 24 and facts.was_denied:  # it is denied again as it was
        left_out |= {"on", "category", "carc", "group_code", "note"}
    asked = (*rule.asks, *rule.takes)
    return tuple((name, name in must) for name in asked if name not in left_out)


def categories(facts: Facts | None) -> list[tuple[str, str]]:
    """Denial categories with what usually helps against each."""
    was_sent = facts is not None and facts.submissions > 0
    helps = {each: suggestion(each, None, was_sent=was_sent) for each in CATEGORIES}
    return [(each, words(each) + (f" ({words(by)})" if by else "")) for each, by in helps.items()]


def pairs(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their words, to choose from."""
    return [(code, words(code)) for code in codes]
