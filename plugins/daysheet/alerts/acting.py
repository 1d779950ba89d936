"""What people do about an alert: acknowledge it with a note, put it off, close it by hand."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

import psycopg
from psycopg import sql

from daysheet.alerts.rules import Rule, read_rules
from daysheet.alerts.standing import Alert, Kind, event, keep, read_alert, tell
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.deadlines import SESSION_DEADLINE
from daysheet.desk.refusals import Refused, conflict, missing, no_right, not_possible, shown
from daysheet.desk.work.items import OWNED
from daysheet.desk.work.notes import LONGEST, add_note
from daysheet.desk.work.snoozing import DAYS_BEFORE_A_DEADLINE, LONGEST_DAYS

LONGEST_ACKNOWLEDGED = 14

_OWNER = """
    select
        alerts.row_version,
        desk.today(),
        coalesce(
            sessions.assigned_to,
            dental_claims.assigned_to,
            (
                select min(assigned_to) from desk.work_items
                where done_at is null and payment_id = alerts.payment_id
            )
        )
    from desk.alerts
    left join desk.sessions on alerts.session_id = sessions.session_id
    left join desk.dental_claims on alerts.dental_claim_id = dental_claims.dental_claim_id
    where alerts.alert_id = %s
    for update of alerts
"""
# Of a claim of the dental practice system only its alert says until when it has to be filed.
_LATEST = sql.SQL("""
    select least(
        desk.today() + %(longest)s::integer,
        (
            select {deadline}
            from desk.alerts
            inner join desk.sessions on alerts.session_id = sessions.session_id
            left join desk.payers on sessions.payer_id = payers.payer_id
            where alerts.alert_id = %(alert_id)s
        ) - %(before)s::integer,
        (
            select min(filing.last_seen_on + filing.day_count)
            from desk.alerts
            inner join desk.alerts as filing on alerts.dental_claim_id = filing.dental_claim_id
            where alerts.alert_id = %(alert_id)s and filing.rule_code = 'filing_deadline'
            and filing.status != 'resolved'
        ) - %(before)s::integer
    )
""").format(deadline=SESSION_DEADLINE)


@dataclass(frozen=True)
class _Held:
    """A live alert under lock."""

    alert: Alert
    rule: Rule
    today: date


def acknowledge(
    connection: psycopg.Connection,
    actor: Actor,
    alert_id: UUID,
    note: str,
    until: date,
    *,
    row_version: int | None = None,
) -> None:
    """Say what is done about an alert; it is quiet until that day, and still counted.

    From tomorrow on, at most 14 days. The note is kept with the alert and, if it is about one, on
    the session or dental claim, whose next step is then on that day. A biller acts on what is his,
    a lead on any: 403. 404 for the unknown, 409 for what is over or a stale ``row_version``, 422
    with the field.
    """
    note = _text(actor, note, "note", "acknowledging")
    with connection.transaction():
        held = _hold(connection, actor, alert_id, row_version, "acknowledge")
        _needs_day(held.today, until, held.today + timedelta(days=LONGEST_ACKNOWLEDGED))
        quiet = replace(held.alert, status="acknowledged", quiet_until=until)
        _change(connection, actor, quiet, "acknowledged", note)
        subject = held.alert.subject._asdict()
        for key in OWNED.values():
            if subject[key] is not None:
                add_note(connection, actor, note, next_action_on=until, **{key: subject[key]})


def snooze(
    connection: psycopg.Connection,
    actor: Actor,
    alert_id: UUID,
    until: date,
    reason: str,
    *,
    row_version: int | None = None,
) -> None:
    """Put an alert off until that day; refused as :func:`acknowledge` refuses.

    From tomorrow on, at most 30 days, and never later than 7 days before a deadline.
    """
    reason = _text(actor, reason, "reason", "snoozing")
    with connection.transaction():
        held = _hold(connection, actor, alert_id, row_version, "snooze")
        _needs_day(held.today, until, latest_day(connection, alert_id))
        quiet = replace(held.alert, status="snoozed", quiet_until=until)
        _change(connection, actor, quiet, "snoozed", reason)


def resolve(
    connection: psycopg.Connection,
    actor: Actor,
    alert_id: UUID,
    note: str,
    *,
    row_version: int | None = None,
) -> None:
    """Close an alert that nothing in the data ends; refused as :func:`acknowledge` refuses.

    All others end by themselves once they are no longer true: 422 says what has to happen.
    """
    note = _text(actor, note, "note", "closing an alert")
    with connection.transaction():
        held = _hold(connection, actor, alert_id, row_version, "close")
        if not held.rule.ends_by_hand:
            raise not_possible("ends_by_itself", f"it ends by itself: {held.rule.ends}")
        closed = replace(
            held.alert,
            status="resolved",
            resolved_on=held.today,
            resolved_how=actor.user_id,
            silenced_by=None,
            quiet_until=None,
        )
        _change(connection, actor, closed, "resolved", note)


def latest_day(connection: psycopg.Connection, alert_id: UUID) -> date:
    """Until when an alert may be put off at most: not at all if that is not after today."""
    row = connection.execute(
        _LATEST,
        {"longest": LONGEST_DAYS, "before": DAYS_BEFORE_A_DEADLINE, "alert_id": alert_id},
    ).fetchone()
    assert row is not None
    return row[0]


def _text(actor: Actor, text: str, name: str, what: str) -> str:
    actor.needs(DeskRole.BILLER, what)
    text = text.strip()
    if not text:
        raise missing(name)
    if len(text) > LONGEST:
        raise not_possible("too_long", f"at most {LONGEST} characters", field=name)
    return text


def _hold(
    connection: psycopg.Connection,
    actor: Actor,
    alert_id: UUID,
    row_version: int | None,
    what: str,
) -> _Held:
    # Alerts come before sessions: who brings them up to date waits for this, or this for them.
    connection.execute("lock table desk.alerts in row exclusive mode")
    row = connection.execute(_OWNER, [alert_id]).fetchone()
    if row is None:
        raise Refused(404, "unknown_alert", "there is no such alert")
    version, today, owner = row
    if owner != actor.user_id and not actor.may(DeskRole.LEAD):
        raise no_right(f"only a lead may {what} an alert on what is not yours")
    alert = read_alert(connection, alert_id)
    if not alert.is_live:
        raise conflict("the alert is over already", "resolved")
    if row_version is not None and row_version != version:
        raise conflict(f"it was changed meanwhile, version {version}")
    return _Held(alert, read_rules(connection)[alert.rule_code], today)


def _needs_day(today: date, until: date, latest: date) -> None:
    if not today < until <= latest:
        raise not_possible(
            "day_out_of_range",
            f"from tomorrow on, and at the latest {shown(latest)}",
            field="until",
        )


def _change(
    connection: psycopg.Connection, actor: Actor, alert: Alert, kind: Kind, note: str
) -> None:
    keep(connection, [alert])
    tell(connection, actor, [event(alert, kind)], note)
