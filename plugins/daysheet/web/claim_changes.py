"""What people do on a claim's record: each form, carried out by the desk or shown again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, Request
from fastapi import Form as Sent
from fastapi.responses import Response
from pydantic import BaseModel

from daysheet.alerts import acting
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.lifecycle.changes import Result, change_many
from daysheet.desk.money import settlement
from daysheet.desk.reading.claim_subjects import subjects_of
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.work.assignment import assign, take
from daysheet.desk.work.notes import add_note
from daysheet.desk.work.snoozing import snooze
from daysheet.web.claim_forms import (
    AlertForm,
    MoneyForm,
    NoteForm,
    OwnerForm,
    SnoozeForm,
    StatusForm,
    UndoForm,
    Wanted,
    wanted,
)
from daysheet.web.claims import record_page
from daysheet.web.forms import Form
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import see_other
from daysheet.web.typed import amount_of, day_of, key_of, reason_of

router = APIRouter()


@dataclass(frozen=True)
class _Record:
    """The record a form was sent from."""

    request: Request
    reference: str
    member: Actor
    connection: psycopg.Connection

    def chosen(self, seen: list[str]) -> list[Wanted]:
        """Which of its sessions, or the dental claim, the form is about."""
        if not seen:
            raise not_possible("nothing_chosen", "choose at least one session", field="seen")
        return wanted(seen, subjects_of(self.connection, self.reference))

    def sessions(self, seen: list[str]) -> list[tuple[Wanted, UUID]]:
        """The same, for what the dental practice system keeps of its own claims."""
        chosen = self.chosen(seen)
        if any("session_id" not in each.subject for each in chosen):
            problem = "status and money of a dental claim are kept by the dental practice system"
            raise not_possible("dental_claim", problem)
        return [(each, each.subject["session_id"]) for each in chosen]

    def answer(
        self,
        done: str,
        sent: BaseModel,
        form: str,
        work: Callable[[], None],
        **shown: Any,
    ) -> Response:
        """Do the work and lead back to the record; refused, show it with what was typed.

        ``shown`` is what else the page was showing. Nothing is shown again to who has no right to
        work on any: that is an error page.
        """
        self.member.needs(DeskRole.BILLER, "working on claims")
        try:
            work()
        except Refused as refusal:
            if refusal.status == 404:
                raise
            typed = {name: str(value) for name, value in sent if isinstance(value, str | int)}
            return record_page(
                self.request, self.member, self.connection, self.reference,
                Form(form, typed, refusal), **shown,
            )  # fmt: skip
        return see_other(self.request, f"/claims/{self.reference}?done={done}")


def _record(request: Request, reference: str, member: Member, connection: DeskSession) -> _Record:
    return _Record(request, reference, member, connection)


On = Annotated[_Record, Depends(_record)]


@router.post("/claims/{reference}/status")
def change(on: On, sent: Annotated[StatusForm, Sent()]) -> Response:
    """Move its sessions to another status, each on its own merits."""

    def work() -> None:
        chosen = on.sessions(sent.seen)
        keys = [(session_id, each.row_version) for each, session_id in chosen]
        results = change_many(on.connection, on.member, keys, sent.to, details=sent.details())
        _report([each for each, _ in chosen], results)

    return on.answer(f"status_{sent.to}", sent, "status", work, to=sent.to)


def _report(chosen: list[Wanted], results: list[Result]) -> None:
    """Raise the refusal of a single session; of several say which were refused and why."""
    refused = [
        (each.reference, result.refusal)
        for each, result in zip(chosen, results, strict=True)
        if result.refusal is not None
    ]
    if not refused:
        return
    refusal, problems = refused[0][1], {each.problem for _, each in refused}
    if len(chosen) == 1:
        raise refusal
    done = len(chosen) - len(refused)
    if not done and len(problems) == 1:
        problem = f"none of the {len(chosen)} was changed: {refusal.problem}"
    else:
        why = "; ".join(f"{reference}: {each.problem}" for reference, each in refused)
        problem = f"{done} of {len(chosen)} changed. {why}"
    raise Refused(refusal.status, refusal.code, problem, field=refusal.field)


@router.post("/claims/{reference}/notes")
def note(on: On, sent: Annotated[NoteForm, Sent()]) -> Response:
    """Keep what was found or done, on each session chosen."""

    def work() -> None:
        day = _day_or_none(sent.next_action_on, "next_action_on")
        with on.connection.transaction():
            for each in on.chosen(sent.seen):
                add_note(
                    on.connection,
                    on.member,
                    sent.body.replace("\r\n", "\n"),
                    kind=sent.kind,
                    outcome=sent.outcome,
                    next_action_on=day,
                    row_version=each.row_version,
                    **each.subject,
                )

    return on.answer("noted", sent, "note", work)


@router.post("/claims/{reference}/owner")
def give(on: On, sent: Annotated[OwnerForm, Sent()]) -> Response:
    """Take what nobody has, or, as a lead, give it to somebody or back to the pool."""

    def work() -> None:
        with on.connection.transaction():
            for each in on.chosen(sent.seen):
                about = {"row_version": each.row_version, **each.subject}
                if sent.act == "take":
                    take(on.connection, on.member, **about)
                else:
                    assign(on.connection, on.member, sent.to or None, **about)

    return on.answer("taken" if sent.act == "take" else "assigned", sent, "owner", work)


@router.post("/claims/{reference}/snooze")
def put_off(on: On, sent: Annotated[SnoozeForm, Sent()]) -> Response:
    """Put an item of work off."""

    def work() -> None:
        snooze(
            on.connection,
            on.member,
            key_of(sent.key, "key"),
            day_of(sent.until, "until"),
            sent.reason,
            row_version=sent.row_version,
        )

    return on.answer("snoozed", sent, f"item-{sent.key}", work)


@router.post("/claims/{reference}/alerts")
def act_on_alert(on: On, sent: Annotated[AlertForm, Sent()]) -> Response:
    """Acknowledge an alert, put it off, or close what only a person ends."""
    seen = {"row_version": sent.row_version}

    def work() -> None:
        alert_id = key_of(sent.key, "key")
        if sent.act == "close":
            acting.resolve(on.connection, on.member, alert_id, sent.note, **seen)
            return
        if not sent.note.strip():
            raise not_possible("missing", "say what is done about it", field="note")
        until = day_of(sent.until, "until")
        if sent.act == "snooze":
            acting.snooze(on.connection, on.member, alert_id, until, sent.note, **seen)
        else:
            acting.acknowledge(on.connection, on.member, alert_id, sent.note, until, **seen)

    done = {"snooze": "snoozed", "close": "alert_closed"}.get(sent.act, "acknowledged")
    return on.answer(done, sent, f"alert-{sent.key}", work)


@router.post("/claims/{reference}/adjustments")
def move(on: On, sent: Annotated[MoneyForm, Sent()]) -> Response:
    """Write off, or move to the client or back, a part of what one session owes."""

    def work() -> None:
        chosen = on.sessions(sent.seen)
        if len(chosen) > 1:
            raise not_possible("one_session", "money is moved of one session", field="seen")
        ((seen, session_id),) = chosen
        settlement.move(
            on.connection,
            on.member,
            session_id,
            sent.kind_of_session(),
            amount_of(sent.amount),
            reason=reason_of(sent.reason),
            row_version=seen.row_version,
        )

    return on.answer("adjusted", sent, "money", work)


@router.post("/claims/{reference}/adjustments/undo")
def undo(on: On, sent: Annotated[UndoForm, Sent()]) -> Response:
    """Undo an adjustment of a session of the record, once."""

    def work() -> None:
        key, reason = key_of(sent.key, "key"), reason_of(sent.reason)
        subjects = subjects_of(on.connection, on.reference).values()
        settlement.undo(
            on.connection,
            on.member,
            key,
            reason,
            of_sessions=[each["session_id"] for each in subjects if "session_id" in each],
        )

    return on.answer("undone", sent, f"undo-{sent.key}", work)


def _day_or_none(text: str, field: str) -> date | None:
    return day_of(text, field) if text.strip() else None
