"""Claims as the practice system keeps them: what the payer said of each, and what it paid."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.counseling.parties import Client
from daysheet.synthetic.counseling.visits import Visit

_NUMBERED_AFTER = timedelta(days=3)  # from then on the payer has given its number


@dataclass(slots=True)
class Line:
    """A payer's word on a claim with the money it sent for it, if any, by visit."""

    on: date
    word: str
    amounts: list[int]

    @property
    def amount(self) -> int:
        """What the claim got."""
        return sum(self.amounts)


@dataclass(slots=True, eq=False)
class Claim:
    """One sending of one or more visits of a client. ``words`` are the source's, by day."""

    reference: str
    number: str
    visits: list[Visit]
    sent_on: date
    is_dated: bool = True  # whether the claims report has the day it was sent
    words: list[tuple[date, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    replaced_on: date = date.max  # by one that was sent again

    @property
    def client(self) -> Client:
        """Whose visits they are."""
        return self.visits[0].client

    def word_on(self, day: date) -> str:
        """What the claims report of that day says."""
        return [word for on, word in self.words if on <= day][-1]

    def number_on(self, day: date) -> str:
        """The payer's number, or two hyphens as long as it has given none."""
        return self.number if day >= self.sent_on + _NUMBERED_AFTER else "--"

    def is_current(self, day: date) -> bool:
        """Whether that day it is the one its visits are on."""
        return self.sent_on <= day < self.replaced_on
