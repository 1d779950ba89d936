"""When the practice exports which report, and which days each one covers."""

from dataclasses import dataclass
from datetime import date, timedelta

_WEEKS = 6
_FIRST_COVERS = timedelta(days=140)  # the first export catches up with everything
_COVERS = timedelta(days=91)
_AHEAD = timedelta(days=7)
_CLAIMS_COVER = timedelta(days=120)
_PAYMENTS_COVER = timedelta(days=28)


@dataclass(frozen=True)
class Exports:
    """The calendar up to ``until``: appointments weekly, claims every other week, payments weekly.

    ``appointments[0]`` is the day the practice began to export; what insurers paid until then is
    in no payment report.
    """

    until: date

    @property
    def began(self) -> date:
        """Day of the first appointment report."""
        return self.until - timedelta(weeks=_WEEKS)

    @property
    def first_day(self) -> date:
        """First day of any report."""
        return self.began - _FIRST_COVERS

    @property
    def last_day(self) -> date:
        """Last day of any report, to come."""
        return self.until + _AHEAD

    @property
    def appointments(self) -> list[date]:
        """Days of the appointment status reports."""
        return [self.began + timedelta(weeks=week) for week in range(_WEEKS + 1)]

    @property
    def claims(self) -> list[date]:
        """Days of the claims reports, and of the unpaid insurance appointments beside each."""
        later = [day - timedelta(days=2) for day in self.appointments[2::2]]
        return [self.began + timedelta(days=1), *later]

    @property
    def payments(self) -> list[date]:
        """Days of the insurance payment reports."""
        return [day - timedelta(days=1) for day in self.appointments[1:]]

    def has_appointment(self, exported_on: date, day: date) -> bool:
        """Whether the appointment report of that day covers a visit on ``day``."""
        back = _FIRST_COVERS if exported_on == self.began else _COVERS
        return exported_on - back <= day <= exported_on + _AHEAD

    def has_claim(self, exported_on: date, sent_on: date) -> bool:
        """Whether the claims report of that day covers a claim sent on ``sent_on``."""
        return exported_on - _CLAIMS_COVER <= sent_on <= exported_on

    def has_payment(self, exported_on: date, received_on: date) -> bool:
        """Whether the payment report of that day covers money received on ``received_on``."""
        first = max(self.began, exported_on - _PAYMENTS_COVER)
        return first < received_on <= exported_on

    def settles_on(self, day: date) -> date:
        """A day near ``day`` on which insurers pay: not that of an appointment report.

        That report shows every payment there was; the payment report comes the day before.
        """
        if day <= self.began + timedelta(days=1):
            return min(day, self.began)
        return day - timedelta(days=1) if day in self.appointments else day
