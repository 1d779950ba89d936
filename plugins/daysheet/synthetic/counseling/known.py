"""What the desk must show once all reports are loaded, added up visit by visit."""

from collections import Counter
from datetime import date
from typing import Any

from daysheet.synthetic.amounts import exact
from daysheet.synthetic.counseling.claims import Claim, Line
from daysheet.synthetic.counseling.reports import Reports, payment_reference
from daysheet.synthetic.counseling.standing import Standing
from daysheet.synthetic.counseling.visits import Visit

_BRACKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"))


class KnownDesk:
    """Totals on ``until``, in the names of ``desk.dashboard_metrics`` where it has one."""

    def __init__(self, until: date) -> None:
        self._until = until
        self._statuses: Counter[str] = Counter()
        self._aging: dict[str, Counter[str]] = {
            bracket: Counter() for bracket in (*(name for _, name in _BRACKETS), "90+")
        }
        self._unbilled, self._credits = Counter[str](), Counter[str]()
        self._estimated = 0
        self._days_to_payment: list[int] = []
        self._outcomes: Counter[str] = Counter()
        self._payments: dict[tuple[str, date], int] = {}
        self._unapplied: list[int] = []

    def add(self, visit: Visit, standing: Standing) -> None:
        """One session as it ends."""
        self._statuses[standing.status] += 1
        owed = max(standing.balance, 0)
        if standing.in_ar:
            bracket = self._aging[self._bracket(standing.first_sent or visit.day)]
            bracket.update(sessions=1, outstanding=owed)
            self._estimated += standing.first_sent is None
        elif standing.is_unbilled and visit.day <= self._until:
            self._unbilled.update(sessions=1, insurance_charge=standing.charge)
        if standing.balance < 0:
            self._credits.update(sessions=1, amount=-standing.balance)
        if standing.status == "paid" and standing.paid_on and standing.first_sent:
            self._days_to_payment.append((standing.paid_on - standing.first_sent).days)
        if standing.first_outcome:
            self._outcomes[standing.first_outcome] += 1

    def add_payment(self, claim: Claim, line: Line) -> None:
        """A line of the payment reports, told once however often they repeat it."""
        assert claim.client.insurer is not None
        key = f"{claim.client.insurer.shown()} {payment_reference(claim, line)}", line.on
        self._payments[key] = self._payments.get(key, 0) + line.amount

    def add_unapplied(self, reference: str, on: date, amount: int) -> None:
        """Money whose claim or session nobody knows; a take-back is negative."""
        self._payments[reference, on] = amount
        self._unapplied.append(amount)

    def totals(self, reports: Reports) -> dict[str, Any]:
        """Everything, with what is in the files."""
        month = self._until.replace(day=1)
        days, outcomes = self._days_to_payment, self._outcomes
        decided = outcomes.total()
        return {
            "as_of": str(self._until),
            "sessions": self._statuses.total(),
            "billing_status": dict(sorted(self._statuses.items())),
            "aging": {
                bracket: {
                    "sessions": counts["sessions"],
                    "outstanding": exact(counts["outstanding"]),
                }
                for bracket, counts in self._aging.items()
            },
            "outstanding_claims_amount": exact(
                sum(counts["outstanding"] for counts in self._aging.values())
            ),
            "aging_over_90": self._aging["90+"]["sessions"],
            "aged_from_service": self._estimated,
            "unbilled_sessions": self._unbilled["sessions"],
            "unbilled_amount": exact(self._unbilled["insurance_charge"]),
            "credits": {
                "sessions": self._credits["sessions"],
                "amount": exact(self._credits["amount"]),
            },
            "avg_days_to_payment": f"{sum(days) / len(days):.2f}" if days else None,
            "days_to_payment_sample": len(days),
            "denial_rate_pct": f"{100 * outcomes['denied'] / decided:.1f}" if decided else None,
            "denial_rate_sample": decided,
            "payments": len(self._payments),
            "payments_amount": exact(sum(self._payments.values())),
            "collections_mtd_insurance": exact(
                sum(amount for (_, on), amount in self._payments.items() if on >= month)
            ),
            "unapplied": {
                "payments": len(self._unapplied),
                "amount": exact(sum(self._unapplied)),
            },
            "files": {
                report.path.name: {"rows": report.rows, **report.spoiled}
                for report in reports.all()
                if report.rows
            },
        }

    def _bracket(self, since: date) -> str:
        age = (self._until - since).days
        return next((name for days, name in _BRACKETS if age <= days), "90+")
