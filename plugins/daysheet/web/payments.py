"""Entering a payment and sharing it out, beside the payments entered last."""

from collections.abc import Sequence
from typing import Annotated, cast, get_args
from uuid import UUID

import psycopg
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.money.payments import record_payment
from daysheet.desk.published import Reader, published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.reading.payable import named, payers
from daysheet.desk.reading.payment_record import payments_by_id, recent_payments
from daysheet.desk.receipts import Method
from daysheet.desk.refusals import Refused
from daysheet.desk.viewing import record_view
from daysheet.web import forms
from daysheet.web.guards import DeskSession, Member
from daysheet.web.pages import page, see_other
from daysheet.web.sharing import (
    Row,
    Sharing,
    SharingFields,
    of_the_form,
    offered,
    shared_out,
    typed_rows,
)
from daysheet.web.typed import (
    amount_of,
    amount_or_none,
    day_of,
    is_key,
    key_of,
    reason_of,
    search_of,
)

router = APIRouter()
CLIENT = "client"  # instead of the key of a payer
_METHODS = [
    (method, "EFT" if method == "eft" else method.replace("_", " ")) for method in get_args(Method)
]


class EntryFields(SharingFields):
    """What the form of a new payment sends."""

    payer_id: str = ""
    method: str = ""
    reference: str = ""
    received_on: str = ""
    amount: str = ""
    idempotency_key: str = ""
    forced_reason: str = ""
    opened_for: str = ""  # our reference of the claim or the session


@router.get("/payments")
def entry(
    request: Request, member: Member, connection: DeskSession, claim: str = "", session: str = ""
) -> HTMLResponse:
    """An empty form; with ``claim`` (RC-) or ``session`` (RS-) for its payer and these sessions."""
    return _form(request, member, connection, EntryFields(opened_for=claim or session))


@router.post("/payments")
def enter(
    request: Request,
    member: Member,
    connection: DeskSession,
    fields: Annotated[EntryFields, Form()],
) -> Response:
    """Save the payment; or show (``show``, ``all``) or fill in (``fill``) sessions to share it."""
    member.needs(DeskRole.BILLER, "posting payments")
    typed: Sequence[Row] = []
    try:
        typed = typed_rows(fields)
        if fields.action == "save":
            payment = _record(connection, member, fields, typed)
            return see_other(request, f"/payments/{payment}?done=payment_saved")
        if fields.action == "fill":
            amount_of(fields.amount)
    except Refused as refusal:
        return _form(request, member, connection, fields, typed=typed, refusal=refusal)
    return _form(request, member, connection, fields, typed=typed)


def _record(
    connection: psycopg.Connection, member: Actor, fields: EntryFields, typed: Sequence[Row]
) -> UUID:
    return record_payment(
        connection,
        member,
        payer_id=None if fields.payer_id == CLIENT else key_of(fields.payer_id, "payer_id"),
        method=cast(Method, fields.method),
        reference=fields.reference,
        received_on=day_of(fields.received_on, "received_on"),
        amount=amount_of(fields.amount),
        idempotency_key=fields.idempotency_key,
        forced_reason=reason_of(fields.forced_reason, "forced_reason")
        if fields.forced_reason
        else None,
        allocations=[row.allocation() for row in typed if row.part.strip()],
    ).payment_id


def _form(
    request: Request,
    member: Actor,
    connection: psycopg.Connection,
    fields: EntryFields,
    *,
    typed: Sequence[Row] = (),
    refusal: Refused | None = None,
) -> HTMLResponse:
    may_post = member.may(DeskRole.BILLER)
    with published(connection) as reader:
        recent = recent_payments(reader, member)
        fresh = freshness(reader)
        everybody = payers(reader) if may_post else []
        chosen, sharing = _shared(reader, fields, typed, refusal) if may_post else ("", None)
        first = None
        if refusal and refusal.first:
            first = payments_by_id(reader, member, [refusal.first]).get(refusal.first)
    if sharing and sharing.rows:
        record_view(connection, member, "/payments", sharing.client_ids, "names")
    sent = request.method == "POST"
    return page(
        request,
        "payments",
        refusal.status if refusal else 200,
        form=forms.Form(
            "payment", fields.model_dump(include=_SCALARS) if sent else {}, of_the_form(refusal)
        ),
        payer_id=chosen,
        payers=[(CLIENT, "A client: no insurance money"), *everybody],
        methods=_METHODS,
        opened_for=fields.opened_for if fields.action != "all" else "",
        sharing=sharing,
        first=first,
        may_post=may_post,
        may_force=member.may(DeskRole.LEAD),
        recent=recent,
        fresh=fresh,
    )


_SCALARS = {
    name
    for name, about in EntryFields.model_fields.items()
    if about.annotation is str and name != "action"
}


def _shared(
    reader: Reader, fields: EntryFields, typed: Sequence[Row], refusal: Refused | None
) -> tuple[str, Sharing | None]:
    """The payer chosen, and the sessions to share over; none of client money."""
    amount, chosen, candidates = amount_or_none(fields.amount), fields.payer_id, []
    if fields.opened_for and fields.action != "all":
        payer_id, candidates = named(reader, fields.opened_for)
        chosen = chosen or str(payer_id or "")
    if not is_key(chosen):
        return chosen, None
    candidates = candidates or offered(
        reader, UUID(chosen), fields, amount, search_of(fields.reference) or None
    )
    is_to_fill = fields.action == "fill"
    return chosen, shared_out(
        reader, candidates, typed, amount, refusal=refusal, is_to_fill=is_to_fill
    )
