"""What a change of status does in other tables: claims and their submissions, money, work items.

An effect runs before the session itself is written and returns the columns it found out.
"""

from uuid import UUID

import psycopg

from daysheet.desk.cases import Case, Stamps
from daysheet.desk.ledger.adjustments import adjust, undo_adjustment
from daysheet.desk.refusals import not_possible
from daysheet.desk.work.items import close_items, open_item

_NEW_CLAIM = """
    insert into desk.claims (payer_id, client_id, submitted_on, portal_id)
    values (%(payer_id)s, %(client_id)s, %(on)s, %(portal_id)s) returning claim_id
"""
_SENT_CLAIM = """
    update desk.claims set
        submitted_on = coalesce(submitted_on, %(on)s),
        portal_id = coalesce(%(portal_id)s, portal_id)
    where claim_id = %(claim_id)s
    and (submitted_on is null or portal_id is distinct from coalesce(%(portal_id)s, portal_id))
"""
# Sessions of one claim that go on one day went together: the later ones add no row.
_SUBMISSION = """
    insert into desk.submissions (claim_id, n, submitted_on, kind, portal_id, by_user)
    select
        %(claim_id)s,
        coalesce(max(n), 0) + 1,
        %(on)s,
        case when max(n) is null then 'original' else 'corrected' end,
        %(portal_id)s,
        %(by_user)s
    from desk.submissions where claim_id = %(claim_id)s
    having %(again)s or coalesce(max(submitted_on) is distinct from %(on)s::date, true)
"""
_ANSWER = """
    insert into desk.submission_outcomes (claim_id, n, outcome, reject_reason, by_user)
    select claim_id, n, %s, %s, %s from desk.submissions
    where claim_id = %s order by n desc limit 1
    on conflict do nothing
"""


def own(connection: psycopg.Connection, case: Case) -> Stamps:
    """Whoever works claims and made it ready has it, unless somebody had it before."""
    if case.facts.assigned_to is not None:
        return {}
    works_claims = connection.execute(
        "select from desk.staff where user_id = %s and active and works_claims",
        [case.actor.user_id],
    ).fetchone()
    return {} if works_claims is None else {"assigned_to": case.actor.user_id}


def send(connection: psycopg.Connection, case: Case) -> Stamps:
    """Add a submission to its claim; a claim is made if there is none, or for another payer."""
    facts, details = case.facts, case.details
    values = {
        "payer_id": facts.payer_id,
        "client_id": facts.client_id,
        "claim_id": facts.claim_id,
        "on": case.on,
        "portal_id": details.portal_id,
        "by_user": case.actor.user_id,
        "again": facts.last_submitted_on == case.on,
    }
    if details.portal_id is not None:
        _require_portal(connection, details.portal_id, facts.payer_id)
    if facts.claim_id is None or facts.claim_payer_id != facts.payer_id:
        row = connection.execute(_NEW_CLAIM, values).fetchone()
        assert row is not None
        values["claim_id"] = row[0]
    else:
        connection.execute(_SENT_CLAIM, values)
    connection.execute(_SUBMISSION, values)
    return {"claim_id": values["claim_id"]}


def _require_portal(connection: psycopg.Connection, portal_id: UUID, payer_id: UUID | None) -> None:
    portal = connection.execute(
        "select from desk.insurance_portals where portal_id = %s and payer_id = %s and active",
        [portal_id, payer_id],
    ).fetchone()
    if portal is None:
        raise not_possible("unknown_portal", "not a portal of its payer", field="portal_id")


def accepted(connection: psycopg.Connection, case: Case) -> None:
    """The payer works on what was last submitted."""
    if case.facts.submissions:
        values = ["accepted", None, case.actor.user_id, case.facts.claim_id]
        connection.execute(_ANSWER, values)


def rejected(connection: psycopg.Connection, case: Case) -> None:
    """What was last submitted came back, and somebody has to mend it."""
    if case.facts.submissions:
        values = ["rejected", case.details.reason, case.actor.user_id, case.facts.claim_id]
        connection.execute(_ANSWER, values)
    open_item(
        connection,
        "rejection",
        session_id=case.facts.session_id,
        amount=case.facts.outstanding,
        due_on=case.facts.filing_deadline,
    )


def write_off(connection: psycopg.Connection, case: Case) -> None:
    """Take what is outstanding off; nothing is, when the export has it written off."""
    if case.facts.outstanding > 0:
        _adjust(connection, case, "write_off")


def bill_client(connection: psycopg.Connection, case: Case) -> None:
    """Move what is outstanding to the client."""
    if case.facts.outstanding > 0:
        _adjust(connection, case, "to_client")


def _adjust(connection: psycopg.Connection, case: Case, kind: str) -> None:
    reason = case.details.reason or "the client's share"
    facts = case.facts
    adjust(
        connection, case.actor, facts.session_id, kind, facts.outstanding,
        reason=reason, origin=case.origin,
    )  # fmt: skip


def bill_payer_instead(connection: psycopg.Connection, case: Case) -> None:
    """Take back from the client what was moved there, for a payer that is known."""
    facts = case.facts
    if (
        case.details.payer_id is not None
        and not connection.execute(
            "select from desk.payers where payer_id = %s", [case.details.payer_id]
        ).fetchall()
    ):
        raise not_possible("unknown_payer", "there is no such payer", field="payer_id")
    if facts.client_transfer > 0:
        adjust(
            connection, case.actor, facts.session_id, "from_client", facts.client_transfer,
            reason="insurance was found", origin=case.origin,
        )  # fmt: skip


def reinstate(connection: psycopg.Connection, case: Case) -> None:
    """Undo the write-offs made here that still stand."""
    standing = connection.execute(
        "select adjustment_id from desk.adjustments as made"
        " where session_id = %s and kind = 'write_off' and reverses_adjustment_id is null"
        " and not exists (select from desk.adjustments as undoing"
        " where undoing.reverses_adjustment_id = made.adjustment_id) order by created_at",
        [case.facts.session_id],
    ).fetchall()
    for (adjustment_id,) in standing:
        undo_adjustment(
            connection, case.actor, adjustment_id,
            reason=case.details.reason or "reinstated", origin=case.origin,
        )  # fmt: skip


def close_disposition(connection: psycopg.Connection, case: Case) -> None:
    """Nothing is left to decide about the money."""
    _close(connection, case, ("disposition",), case.to)


def close_all_items(connection: psycopg.Connection, case: Case) -> None:
    """Nothing is left to do about it."""
    close_items(connection, case.actor, outcome="voided", session_id=case.facts.session_id)


def close_billing_items(connection: psycopg.Connection, case: Case) -> None:
    """It was sent."""
    _close(connection, case, ("bill_it", "rejection", "confirm_sent"), "submitted")


def _close(
    connection: psycopg.Connection, case: Case, kinds: tuple[str, ...], outcome: str
) -> None:
    """Close what is open of these kinds; mostly nothing is, and a file has thousands of rows."""
    if set(kinds) & set(case.facts.open_items):
        about = {"session_id": case.facts.session_id}
        close_items(connection, case.actor, outcome=outcome, kinds=kinds, **about)
