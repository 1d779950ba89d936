"""The visits of one client: when, for what, what was charged to whom, and the note on it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.parties import Client
from daysheet.synthetic.draws import Random

INTAKE, HOUR, TELEHEALTH, ADD_ON = "90791", "90837", "90837-95", "90785"
_FEES = {INTAKE: 200, HOUR: 160, TELEHEALTH: 160, "90834": 130, "90847": 150, ADD_ON: 20}
_USUAL = ((HOUR, 60), ("90834", 22), (TELEHEALTH, 12), ("90847", 6))

NO_NOTE, DRAFT, LOCKED = "NO NOTE", "DRAFT", "LOCKED"


@dataclass(slots=True, eq=False)
class Visit:
    """One billing code of one visit. Money is in ten-thousandths of a dollar.

    ``insurer_paid`` and ``written_off`` say when how much: a take-back is negative.
    """

    client: Client
    day: date
    minute: int  # of the day
    code: str
    fee: int
    charge: int  # the insurer's share
    copay_paid_on: date | None
    locked_on: date | None = None
    first_shown: date = date.min
    last_shown: date = date.max
    first_fee: int = 0  # a wrong one, as exports before ``fee_mended`` have it
    fee_mended: date = date.min
    garbled_on: date | None = None  # told twice, differently, by the export of that day
    insurer_paid: list[tuple[date, int]] = field(default_factory=list)
    written_off: list[tuple[date, int]] = field(default_factory=list)
    is_claimed: bool = False
    is_prepared: bool = False  # on a claim that is not sent yet
    left_to_client_on: date | None = None  # by the deductible

    @property
    def copay(self) -> int:
        """The client's share."""
        return self.fee - self.charge

    def fee_on(self, day: date) -> int:
        """The fee an export of that day shows."""
        return self.first_fee if day < self.fee_mended else self.fee

    def charge_on(self, day: date) -> int:
        """The insurer's share an export of that day shows."""
        return self.charge and self.charge + self.fee_on(day) - self.fee

    def paid_by(self, day: date) -> int:
        """What the insurer has paid by that day."""
        return sum(amount for on, amount in self.insurer_paid if on <= day)

    def written_off_by(self, day: date) -> int:
        """What was written off by that day."""
        return sum(amount for on, amount in self.written_off if on <= day)

    def owed_on(self, day: date) -> int:
        """What the insurer still owes by the practice's own books; negative is a credit."""
        return self.charge_on(day) - self.paid_by(day) - self.written_off_by(day)

    def note_on(self, day: date) -> str:
        """The note's status that day."""
        if self.locked_on and self.locked_on <= day:
            return LOCKED
        return DRAFT if self.day < day and self.minute % 60 else NO_NOTE

    def is_shown(self, exported_on: date, exports: Exports) -> bool:
        """Whether the appointment report of that day has it."""
        return self.first_shown <= exported_on <= self.last_shown and exports.has_appointment(
            exported_on, self.day
        )


def visits_of(client: Client, exports: Exports, rng: Random) -> Iterator[Visit]:
    """The visits of the weeks a client comes, in order of time; the last ones are yet to come."""
    first = exports.first_day + timedelta(days=rng.randrange(98) if rng.random() < 0.7 else 0)
    last = exports.last_day
    if rng.random() < 0.25:
        last = min(last, first + timedelta(days=rng.randrange(40, 120)))
    day = first + timedelta(days=(client.weekday - first.weekday()) % 7)
    is_first = first > exports.first_day
    while day <= last:
        if rng.random() < 0.9:
            code = INTAKE if is_first else rng.choices(*zip(*_USUAL, strict=True))[0]
            is_first = False
            minute = 60 * client.hour + rng.choice([0, 0, 30])
            yield _visit(client, day, minute, code, rng)
            if code == HOUR and rng.random() < 0.05:
                yield _visit(client, day, minute, ADD_ON, rng)
        day += timedelta(weeks=client.every_weeks)


def _visit(client: Client, day: date, minute: int, code: str, rng: Random) -> Visit:
    fee = _FEES[code] * DOLLAR
    copay = client.copay * DOLLAR if code != ADD_ON else 0
    paid_after = rng.choices([0, 12, None], [85, 9, 6])[0]
    noted_after = rng.choices([0, 1, 2, 6, None], [40, 30, 16, 9, 5])[0]
    return Visit(
        client,
        day,
        minute,
        code,
        fee,
        charge=fee - copay if client.insurer else 0,
        copay_paid_on=None if paid_after is None else day + timedelta(days=paid_after),
        locked_on=None if noted_after is None else day + timedelta(days=noted_after),
    )
