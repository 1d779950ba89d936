"""Where ledger, files and bank do not agree: the lists, and what each line is about."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeVar
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from daysheet.desk.money.reconciliation import List
from daysheet.desk.published import Reader
from daysheet.desk.reading.receivables import PAGE, Order, narrowed, paged
from daysheet.desk.refusals import conflict

Action = Literal["allocate", "find_session", "post_difference", "look_up", "refund", "post"]
_Row = TypeVar("_Row")

# Each gives: subject, payer_id, since, ours, theirs, amount.
_UNAPPLIED = """
    select
        payment_id::text as subject, payer_id, received_on as since, allocated + set_aside as ours,
        kept as theirs, unapplied as amount
    from desk.payment_balances
    where unapplied != 0 and payer_id is not null
"""
_CLAIM_WITHOUT_SESSION = """
    select
        claims.claim_id::text as subject, claims.payer_id, min(payments.received_on) as since,
        0 as ours, sum(lines.amount) as theirs, sum(lines.amount) as amount
    from desk.remittance_lines as lines
    inner join desk.claims on lines.claim_id = claims.claim_id
    inner join desk.payments on lines.payment_id = payments.payment_id
    where not lines.is_applied and lines.amount != 0 and not payments.is_reversed
    and not exists (select from desk.sessions where sessions.claim_id = claims.claim_id)
    group by claims.claim_id
"""
_LEDGER_AGAINST_EXPORT = """
    select
        session_id::text as subject, payer_id, source_as_of as since, ins_paid_posted as ours,
        ins_paid_reported as theirs, ins_paid_posted - ins_paid_reported as amount
    from desk.sessions
    where abs(ins_paid_posted - ins_paid_reported) > 0.01
"""
_CREDIT = """
    select
        sessions.session_id::text as subject, sessions.payer_id, credits.due_on as since,
        sessions.ins_charge as ours, sessions.ins_charge + sessions.payer_credit as theirs,
        sessions.payer_credit as amount
    from desk.sessions
    left join desk.work_items as credits
        on sessions.session_id = credits.session_id
        and credits.kind = 'credit' and credits.done_at is null
    where sessions.payer_credit > 0
"""
_PAID_NOT_POSTED = """
    select
        sessions.session_id::text as subject, sessions.payer_id, claims.source_status_on as since,
        sessions.amount_paid as ours, sessions.ins_charge as theirs,
        sessions.outstanding as amount
    from desk.claims
    inner join desk.sessions on claims.claim_id = sessions.claim_id
    where lower(claims.source_status) = 'paid' and sessions.in_ar
    and claims.source_status_on <= desk.today() - 5
    and not exists (
        select from desk.payment_allocations
        where payment_allocations.session_id = sessions.session_id
    )
"""
# A control total is of one reference and day; remittances are what a payment report brought.
_CONTROL_TOTAL = """
    select
        coalesce(control.reference, '') || '|' || control.received_on as subject,
        null::uuid as payer_id, control.received_on as since,
        coalesce(sum(payments.amount), 0) as ours, control.amount as theirs,
        coalesce(sum(payments.amount), 0) - control.amount as amount
    from unnest(%(references)s::text[], %(days)s::date[], %(amounts)s::numeric[])
    as control (reference, received_on, amount)
    left join desk.payments
        on payments.source = 'payment_report' and control.received_on = payments.received_on
        and payments.reference_norm = desk.plain_reference(control.reference)
    group by control.reference, control.received_on, control.amount
    having coalesce(sum(payments.amount), 0) != control.amount
"""

_LISTS: dict[str, tuple[str, Action]] = {
    "unapplied": (_UNAPPLIED, "allocate"),
    "claim_without_session": (_CLAIM_WITHOUT_SESSION, "find_session"),
    "ledger_against_export": (_LEDGER_AGAINST_EXPORT, "post_difference"),
    "control_total": (_CONTROL_TOTAL, "look_up"),
    "credit": (_CREDIT, "refund"),
    "paid_not_posted": (_PAID_NOT_POSTED, "post"),
}
# The newest clearance of a line as it is: of its subject, and of its amount.
_WITH_CLEARANCE = """
    with cleared as (
        select distinct on (subject, amount)
            subject, amount, by_user as cleared_by, at as cleared_at
        from desk.reconciliation_clearances
        where difference = %(name)s
        order by subject, amount, at desc
    ),

    listed as (
        select lines.*, cleared.cleared_by, cleared.cleared_at
        from ({lines}) as lines
        left join cleared using (subject, amount)
    )

    select {columns} from listed {clauses}
"""
_CONDITIONS = {
    "payer": "payer_id in (select payer_id from desk.payers where name = %(payer)s)",
    "is_cleared": "(cleared_by is not null) = %(is_cleared)s",
    "subject": "subject = %(subject)s",
    "amount": "amount = %(amount)s",
}
_OLDEST_FIRST = Order("since")


@dataclass(frozen=True)
class Difference:
    """One line: what we have, what they say, in dollars. ``since`` of a credit is its due day."""

    subject: str
    payer_id: UUID | None
    since: date | None
    ours: Decimal
    theirs: Decimal
    amount: Decimal
    cleared_by: str | None
    cleared_at: datetime | None


@dataclass(frozen=True)
class ControlTotal:
    """What a payment export says was received under one reference on one day."""

    reference: str | None
    received_on: date
    amount: Decimal


@dataclass(frozen=True)
class Subject:
    """A session, a claim or a payment; ``payment_id`` is where a session's credit can be reversed.

    ``reference`` of a payment is its own, as a check number; of the others ours.
    """

    subject_id: UUID
    reference: str | None
    row_version: int | None
    status: str | None
    method: str | None
    payment_id: UUID | None


@dataclass(frozen=True)
class Sums:
    """How many lines are open and of which amount, and how many somebody cleared."""

    lines: int
    amount: Decimal
    cleared: int


@dataclass(frozen=True)
class DifferenceFilter:
    """Which lines of a list; None does not narrow. ``payer`` is a payer's name."""

    payer: str | None = None
    is_cleared: bool | None = None
    subject: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class _Payer:
    name: str


@dataclass(frozen=True)
class DifferenceList:
    """One list as it is now; ``control`` totals are what the list of that name is made of."""

    reader: Reader
    name: List
    control: Sequence[ControlTotal] = ()

    @property
    def action(self) -> Action:
        """The one thing to do about a line of it."""
        return _LISTS[self.name][1]

    def lines(
        self,
        which: DifferenceFilter = DifferenceFilter(),
        order: Order = _OLDEST_FIRST,
        *,
        limit: int = PAGE,
        offset: int = 0,
    ) -> list[Difference]:
        """One page of it, open ones first; what was cleared says by whom."""
        page = paged(
            order,
            Difference.__dataclass_fields__,
            "subject",
            limit,
            offset,
            before="cleared_by is not null, ",
        )
        columns = sql.SQL("listed.*")
        return self._rows(Difference, columns, narrowed(which, _CONDITIONS) + page, which)

    def sums(self, which: DifferenceFilter = DifferenceFilter()) -> Sums:
        """Of the lines of all its pages."""
        columns = sql.SQL(
            "count(*) filter (where cleared_by is null) as lines,"
            " coalesce(sum(amount) filter (where cleared_by is null), 0) as amount,"
            " count(*) filter (where cleared_by is not null) as cleared"
        )
        (found,) = self._rows(Sums, columns, narrowed(which, _CONDITIONS), which)
        return found

    def payers(self) -> list[str]:
        """Names of those it has lines of, to choose one of them."""
        joined = sql.SQL("inner join desk.payers using (payer_id) order by payers.name")
        found = self._rows(_Payer, sql.SQL("distinct payers.name"), joined, DifferenceFilter())
        return [payer.name for payer in found]

    def line(self, subject: str, amount: Decimal) -> Difference:
        """That line as it is now; raises a 409 if there is none of that amount any more."""
        found = self.lines(DifferenceFilter(subject=subject, amount=amount))
        if not found:
            raise conflict(
                "the line is gone, or of another amount by now: look again", "line_changed"
            )
        return found[0]

    def _rows(
        self,
        shape: type[_Row],
        columns: sql.Composable,
        clauses: sql.Composable,
        which: DifferenceFilter,
    ) -> list[_Row]:
        query = sql.SQL(_WITH_CLEARANCE).format(
            lines=sql.SQL(_LISTS[self.name][0]), columns=columns, clauses=clauses
        )
        values = asdict(which) | {
            "name": self.name,
            "references": [each.reference for each in self.control],
            "days": [each.received_on for each in self.control],
            "amounts": [each.amount for each in self.control],
        }
        with self.reader.connection.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(query, values).fetchall()


def subjects(reader: Reader, lines: Sequence[Difference]) -> dict[str, Subject]:
    """What these lines are about, by their key; a control total is only its own words."""
    keys = [UUID(line.subject) for line in lines if "|" not in line.subject]
    which = sql.SQL("where subject_id = any(%(keys)s)")
    found = reader.rows(Subject, "difference_subjects", which, {"keys": keys})
    return {str(each.subject_id): each for each in found}
