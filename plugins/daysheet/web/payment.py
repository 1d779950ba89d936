"""One payment: where it went, and the ways to put that right; itself it is never edited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, cast
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.ledger.adjustments import adjust_payment
from daysheet.desk.money.live_allocations import Live
from daysheet.desk.money.reversals import reverse_payment
from daysheet.desk.money.settlement import undo
from daysheet.desk.money.splits import correct_split
from daysheet.desk.published import Reader, published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.payable import MOST_SESSIONS, found, payable
from daysheet.desk.reading.payment_record import PaymentRecord, payment_record
from daysheet.desk.refusals import Refused, not_possible
from daysheet.desk.viewing import record_view
from daysheet.web import forms
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page, see_other
from daysheet.web.sharing import (
    NOTHING,
    Row,
    Sharing,
    SharingFields,
    of_the_form,
    offered,
    shared_out,
    typed_rows,
)
from daysheet.web.typed import amount_of, day_of, form_key_of, is_key, key_of, reason_of, search_of

router = APIRouter()
NOTHING_TYPED = SharingFields()


class ReversalFields(BaseModel):
    """What the form of a reversal sends; ``taken`` are sessions a part is taken from."""

    amount: str = ""
    received_on: str = ""
    reason: str = ""
    idempotency_key: str = ""
    taken: list[str] = []


class AsideFields(BaseModel):
    """What the form for interest and the payer's own take-backs sends."""

    kind: str = ""
    amount: str = ""
    reason: str = ""
    seen: str = ""  # what was unapplied when the form was opened


class ReleaseFields(BaseModel):
    """What the form sends that undoes such a part."""

    adjustment: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Visit:
    """Who looks at which payment."""

    request: Request
    member: Actor
    connection: psycopg.Connection
    payment_id: UUID

    def done(self, code: str) -> RedirectResponse:
        """To its page, which says what was done."""
        return see_other(self.request, f"/payments/{self.payment_id}?done={code}")


def _visit(request: Request, key: str, member: Member, connection: DeskSession) -> Visit:
    if not is_key(key):
        raise Refused(404, "unknown_payment", "there is no such payment")
    return Visit(request, member, connection, UUID(key))


Visited = Annotated[Visit, Depends(_visit)]


def _working_visit(visit: Visited) -> Visit:
    visit.member.needs(DeskRole.BILLER, "working on payments")
    return visit


Working = Annotated[Visit, Depends(_working_visit)]


@dataclass(frozen=True)
class Sent:
    """A form of the page that was sent: its name, what was typed, and why it was refused."""

    name: str
    typed: Mapping[str, str]
    refusal: Refused | None = None


@router.get("/payments/{key}")
def payment(visit: Visited) -> HTMLResponse:
    """All that is known of it."""
    return _shown(visit)


@router.post("/payments/{key}/allocations")
def share(visit: Working, fields: Annotated[SharingFields, Form()]) -> Response:
    """Give what is unapplied to sessions, and put right what others got, in one step."""
    typed: Sequence[Row] = ()
    words = fields.model_dump(include={"find", "closed"})
    try:
        typed = typed_rows(fields)
        if fields.action == "save":
            changed = [row for row in typed if row.amount != row.was]
            if not changed:
                raise not_possible("nothing_changed", "no amount was changed")
            undone = {each for row in changed for each in row.live}
            given = [row.allocation() for row in changed if row.amount]
            correct_split(visit.connection, visit.member, visit.payment_id, undone, given)
            return visit.done("payment_shared")
    except Refused as refusal:
        return _shown(visit, fields, typed, Sent("share", words, refusal))
    return _shown(visit, fields, typed, Sent("share", words))


@router.post("/payments/{key}/reversal")
def reverse(visit: Working, fields: Annotated[ReversalFields, Form()]) -> Response:
    """Take it back, in whole or in part."""
    try:
        reverse_payment(
            visit.connection,
            visit.member,
            visit.payment_id,
            amount=amount_of(fields.amount) if fields.amount.strip() else None,
            received_on=day_of(fields.received_on, "received_on"),
            reason=reason_of(fields.reason),
            idempotency_key=form_key_of(fields.idempotency_key),
            session_ids=[key_of(each, "taken") for each in fields.taken],
        )
    except Refused as refusal:
        return _refused(visit, "reverse", fields, refusal)
    return visit.done("payment_reversed")


@router.post("/payments/{key}/aside")
def set_aside(visit: Working, fields: Annotated[AsideFields, Form()]) -> Response:
    """Keep a part of it for no session: interest, or what the payer took back for itself."""
    try:
        if fields.kind not in ("interest", "takeback"):
            raise not_possible("unknown_kind", "choose what it is", field="kind")
        kind = cast(Literal["interest", "takeback"], fields.kind)
        adjust_payment(
            visit.connection,
            visit.member,
            visit.payment_id,
            kind,
            amount_of(fields.amount),
            reason=reason_of(fields.reason),
            expected=amount_of(fields.seen, "seen"),
        )
    except Refused as refusal:
        return _refused(visit, "aside", fields, refusal)
    return visit.done("payment_aside")


@router.post("/payments/{key}/release")
def release(visit: Working, fields: Annotated[ReleaseFields, Form()]) -> Response:
    """Undo such a part: it is unapplied again."""
    try:
        adjustment_id = key_of(fields.adjustment, "adjustment")
        of_payment = visit.connection.execute(
            "select from desk.adjustments where adjustment_id = %s and payment_id = %s",
            [adjustment_id, visit.payment_id],
        ).fetchone()
        if of_payment is None:
            raise Refused(404, "unknown_adjustment", "there is no such adjustment")
        undo(visit.connection, visit.member, adjustment_id, reason_of(fields.reason))
    except Refused as refusal:
        name = f"release-{fields.adjustment}"
        return _refused(visit, name, fields, refusal)
    return visit.done("payment_released")


def _refused(visit: Visit, name: str, fields: BaseModel, refusal: Refused) -> HTMLResponse:
    if refusal.status == 403:
        raise refusal  # nothing to correct in what was typed
    typed = {key: value for key, value in fields.model_dump().items() if isinstance(value, str)}
    if isinstance(fields, ReversalFields):
        typed |= dict.fromkeys(fields.taken, "on")
    return _shown(visit, sent=Sent(name, typed, refusal))


def _shown(
    visit: Visit,
    fields: SharingFields = NOTHING_TYPED,
    typed: Sequence[Row] = (),
    sent: Sent = Sent("", {}),
) -> HTMLResponse:
    member, refusal = visit.member, sent.refusal
    with published(visit.connection) as reader:
        record = payment_record(reader, member, visit.payment_id)
        got = payable(reader, {each.session_id for each in record.live})
        is_shared = member.may(DeskRole.BILLER) and record.is_shareable
        sharing = _sharing(reader, record, fields, typed, refusal) if is_shared else None
        fresh = freshness(reader)
    if sharing and sharing.rows:
        subject = f"/payments/{visit.payment_id}"
        record_view(visit.connection, member, subject, sharing.client_ids, "names")

    def form_of(name: str) -> forms.Form:
        if name != sent.name:
            return forms.Form(name)
        return forms.Form(name, sent.typed, of_the_form(refusal) if name == "share" else refusal)

    return page(
        visit.request,
        "payment",
        refusal.status if refusal else 200,
        record=record,
        one=record.payment,
        got=got,
        sharing=sharing,
        form_of=form_of,
        may_post=member.may(DeskRole.BILLER),
        may_reverse=record.payment.may_be_reversed_by(member),
        fresh=fresh,
    )


def _sharing(
    reader: Reader,
    record: PaymentRecord,
    fields: SharingFields,
    typed: Sequence[Row],
    refusal: Refused | None,
) -> Sharing:
    """What it has given, and what it may give; ``amount`` is what these rows may have in all."""
    one = record.payment
    assert one.payer_id is not None
    assert one.unapplied is not None
    live = _some(reader, one.payer_id, record.live, fields)
    candidates = []
    if one.unapplied or fields.find.strip() or fields.action == "show":
        candidates = offered(reader, one.payer_id, fields, one.unapplied, one.reference)
    return shared_out(
        reader,
        candidates,
        typed,
        one.unapplied + sum((each.amount for each in live), NOTHING),
        live=live,
        refusal=refusal,
        is_to_fill=fields.action == "fill",
    )


def _some(
    reader: Reader, payer_id: UUID, live: Sequence[Live], fields: SharingFields
) -> Sequence[Live]:
    """Allocations that fit on one form: all of them, else the first or those looked for."""
    sessions = dict.fromkeys(each.session_id for each in live)
    if len(sessions) <= MOST_SESSIONS:
        return live
    words = search_of(fields.find)
    few = list(sessions)[:MOST_SESSIONS]
    if words:
        hits = found(reader, payer_id=payer_id, words=words, include_closed=True)
        few = [each.session.session_id for each in hits]
    return [each for each in live if each.session_id in few]
