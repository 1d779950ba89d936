"""Whose digest is due today: composed for each recipient and written to the outbox, once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

import psycopg

from daysheet.alerts.digest import Digest, compose
from daysheet.alerts.news import Alert, Section, Told, mailed_alerts, section, told
from daysheet.alerts.recipients import Recipient, hearers, recipients
from daysheet.alerts.waiting import Waiting, aged, never_sent
from daysheet.desk.published import Reader
from daysheet.mail.outbox import Mail, put

REMINDED_AFTER = timedelta(days=7)

# Of the day that is asked about: whether it is a business day, whether its 8 o'clock has struck in
# the practice's time zone (five minutes early: a clock that is slow must not cost a morning), and
# whether no business day of its week comes before it.
_DAY = """
    select
        desk.today(),
        desk.is_business_day(desk.today()),
        timezone(coalesce(nullif(current_setting('daysheet.timezone', true), ''), 'UTC'), now())
        >= desk.today() + time '07:55',
        desk.is_business_day(desk.today())
        and desk.business_days(date_trunc('week', desk.today())::date - 1, desk.today()) = 1
"""
_HAD = "select staff_id from ops.mail where kind = 'digest' and digest_date = desk.today()"
_LINES = """
    insert into ops.mail_line (mail_id, alert_id, section, event_id)
    select %s, lines.* from unnest(%s::uuid[], %s::text[], %s::bigint[]) as lines
"""


@dataclass(frozen=True)
class Queued:
    """What one person is mailed: of ``line_count`` lines ``new`` are new.

    Without ``staff_id``: so many alerts nobody can be told of, for want of somebody active with an
    email address. ``state`` is failed at once for an address that may get no mail; ``mail_id`` is
    None in a preview.
    """

    staff_id: str | None
    display_code: str
    line_count: int
    new: int
    subject: str
    text: str
    state: Literal["pending", "failed", "nobody"]
    mail_id: int | None


@dataclass(frozen=True)
class _Morning:
    """Everything that is read, once for all recipients; ``events`` is the last of each alert."""

    today: date
    opens_the_week: bool
    people: list[Recipient]
    alerts: list[Alert]
    known: Mapping[tuple[str, UUID], Told]
    scope: list[Waiting]
    claims: Mapping[UUID, Waiting]
    heard: Mapping[UUID, set[str]]

    @property
    def events(self) -> dict[UUID, int]:
        return {alert.alert_id: alert.last_event for alert in self.alerts}


def queue_digests(
    reader: Reader, *, ui_url: str, domains: Collection[str], is_forced: bool
) -> list[Queued]:
    """Write today's digests: one for each person whom there is something to tell, once a day.

    Something is news, an escalation, or a critical claim nobody acknowledged that was last told 7
    days ago; on the first business day of a week everybody gets at least the totals. Nothing on
    other than business days or before 8, practice time; ``is_forced`` is at once, to everybody.
    Belongs in the transaction that brought the alerts up to date. Whether that day is really
    today, the caller knows: of a past one nobody is mailed.
    """
    connection = reader.connection
    today, is_business_day, has_begun, opens_the_week = _row(connection, _DAY)
    if not (is_forced or (is_business_day and has_begun)):
        return []
    morning = _read(reader, today, is_forced or opens_the_week)
    had = {staff for (staff,) in connection.execute(_HAD)}
    digests = [
        _digest(morning, person, ui_url) for person in morning.people if person.user_id not in had
    ]
    queued = [_put(connection, digest, morning.events, domains) for digest in digests if digest]
    return queued + _unheard(morning)


def preview(
    reader: Reader, *, ui_url: str, domains: Collection[str], is_forced: bool
) -> list[Queued]:
    """What :func:`queue_digests` would write; nothing of it stays."""
    with reader.connection.transaction(force_rollback=True):
        queued = queue_digests(reader, ui_url=ui_url, domains=domains, is_forced=is_forced)
    return [replace(each, mail_id=None) for each in queued]


def _read(reader: Reader, today: date, opens_the_week: bool) -> _Morning:
    people, alerts, scope = recipients(reader.connection), mailed_alerts(reader), aged(reader)
    claims = [*never_sent(reader), *scope]
    return _Morning(
        today=today,
        opens_the_week=opens_the_week,
        people=people,
        alerts=alerts,
        known=told(reader.connection),
        scope=scope,
        claims={each.subject_id: each for each in claims if each.subject_id},
        heard={
            alert.alert_id: {
                each.user_id
                for each in hearers(people, alert.assigned_to, alert.route, alert.escalation)
            }
            for alert in alerts
        },
    )


def _digest(morning: _Morning, person: Recipient, ui_url: str) -> Digest | None:
    """What one person is to read today, None if it is not worth a mail."""
    mine, quiet = _sorted(morning, person)
    has_news = any(_is_due(morning, person, alert, where) for alert, where in mine)
    if not (has_news or morning.opens_the_week):
        return None
    if not has_news:  # the totals will do
        mine = [(alert, where) for alert, where in mine if where == "resolved"]
    scope = [
        each for each in morning.scope if person.sees_all or each.assigned_to == person.user_id
    ]
    return compose(
        person,
        morning.today,
        mine,
        quiet=quiet,
        claims=morning.claims,
        scope=scope,
        ui_url=ui_url,
    )


def _sorted(
    morning: _Morning, person: Recipient
) -> tuple[list[tuple[Alert, Section]], list[Alert]]:
    """What there is to tell one person, and what is only counted: it is left alone for now."""
    mine, quiet = [], []
    for alert in morning.alerts:
        where = section(alert, morning.known.get((person.user_id, alert.alert_id), Told()))
        is_over = where == "resolved"
        if where is None or not (is_over or person.user_id in morning.heard[alert.alert_id]):
            continue
        if not is_over and _is_quiet(alert, morning.claims):
            quiet.append(alert)
        else:
            mine.append((alert, where))
    return mine, quiet


def _is_quiet(alert: Alert, claims: Mapping[UUID, Waiting]) -> bool:
    claim = claims.get(alert.subject_id) if alert.subject_id else None
    return alert.status != "open" or (claim is not None and claim.snoozed_until is not None)


def _is_due(morning: _Morning, person: Recipient, alert: Alert, where: Section) -> bool:
    if where == "open" and alert.severity == "critical":
        last = morning.known[person.user_id, alert.alert_id].on
        return last is not None and morning.today - last >= REMINDED_AFTER
    return where in ("new", "escalated")


def _unheard(morning: _Morning) -> list[Queued]:
    """One row for all alerts that go to nobody, if there are any."""
    count = sum(
        not morning.heard[alert.alert_id] for alert in morning.alerts if alert.status != "resolved"
    )
    return [Queued(None, "-", count, 0, "", "", "nobody", None)] if count else []


def _put(
    connection: psycopg.Connection,
    digest: Digest,
    events: Mapping[UUID, int],
    domains: Collection[str],
) -> Queued:
    body, person = digest.body(), digest.recipient
    mail = Mail(
        kind="digest",
        recipient=person.email,
        subject=digest.subject,
        text=body.text,
        html=body.html,
        staff_id=person.user_id,
        digest_date=digest.day,
        line_count=digest.line_count,
    )
    mail_id = put(connection, mail, domains=domains)
    assert mail_id is not None, "who has had a digest of today is passed over"
    alerts, sections = list(digest.told), list(digest.told.values())
    connection.execute(_LINES, [mail_id, alerts, sections, [events[each] for each in alerts]])
    return Queued(
        staff_id=person.user_id,
        display_code=person.display_code,
        line_count=digest.line_count,
        new=digest.new,
        subject=digest.subject,
        text=body.text,
        state=_row(connection, "select state from ops.mail where mail_id = %s", mail_id)[0],
        mail_id=mail_id,
    )


def _row(connection: psycopg.Connection, query: str, *values: object) -> tuple[Any, ...]:
    row = connection.execute(query, list(values)).fetchone()
    assert row is not None, "one row, always"
    return row
