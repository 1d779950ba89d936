"""Which visits the practice sends together, when it does, and what it never sends."""

from collections.abc import Iterator
from datetime import date, timedelta

from daysheet.synthetic.counseling.claims import Claim
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.fates import FATES, PAID, REJECTED, SENT_AGAIN, tell
from daysheet.synthetic.counseling.visits import Visit
from daysheet.synthetic.draws import Random

_SHARED = 0.2  # of claims hold a second visit
_TOGETHER = timedelta(days=14)
_NOT_SENT = {"forgotten": 2, "prepared": 2}


class Biller:
    """Numbers the claims of all clients, and knows when the practice exports."""

    def __init__(self, exports: Exports, first_reference: int = 7_100_000) -> None:
        self.exports = exports
        self._next = first_reference

    def claims_of(self, visits: list[Visit], rng: Random) -> list[Claim]:
        """Send a client's insured visits, in order of time; some wait, some are forgotten."""
        claims: list[Claim] = []
        for together in _grouped(visits, rng):
            last = together[-1].day
            sent_on = last + timedelta(days=rng.randrange(7, 17))
            kept = rng.choices([*_NOT_SENT, "sent"], [*_NOT_SENT.values(), 96])[0]
            if sent_on > self.exports.until or kept != "sent":
                for visit in together:
                    visit.is_prepared = kept == "prepared" and last < self.exports.until
                continue
            claims += self._sent(together, sent_on, rng)
        return claims

    def _sent(self, visits: list[Visit], sent_on: date, rng: Random) -> list[Claim]:
        fate = rng.choices(list(FATES), list(FATES.values()))[0]
        for visit in visits:
            visit.is_claimed = True
        claim = self._claim(visits, sent_on)
        claim.words = [(sent_on, "Submitted"), (sent_on + timedelta(days=4), "Received")]
        if rng.random() < 0.5:
            claim.words.append((sent_on + timedelta(days=9), rng.choice(["Pending", "Accepted"])))
        decided_on = self.exports.settles_on(sent_on + timedelta(days=rng.randrange(16, 44)))
        if fate != SENT_AGAIN:
            tell(fate, claim, decided_on, self.exports)
            return [claim]
        tell(REJECTED, claim, decided_on, self.exports)
        again = self._resend(claim)
        if again.sent_on > self.exports.until:
            return [claim]
        claim.replaced_on = again.sent_on
        if decided_on > again.sent_on + timedelta(days=15):
            tell(PAID, again, decided_on, self.exports)
        return [claim, again]

    def _claim(self, visits: list[Visit], sent_on: date) -> Claim:
        self._next += 1
        insurer = visits[0].client.insurer
        assert insurer is not None
        prefix = (insurer.external_id or "TR")[:2]
        return Claim(f"CR{self._next}", f"{prefix}-{self._next % 1_000_000:06d}", visits, sent_on)

    def _resend(self, claim: Claim) -> Claim:
        """The same visits once more, under a new reference."""
        again = self._claim(claim.visits, claim.sent_on + timedelta(days=12))
        again.words = [
            (again.sent_on, "Submitted"),
            (again.sent_on + timedelta(days=4), "Received"),
        ]
        return again


def _grouped(visits: list[Visit], rng: Random) -> Iterator[list[Visit]]:
    """Visits that go on one claim: codes of one day always, the next visit's now and then."""
    waiting: list[Visit] = []
    for visit in visits:
        if not visit.charge:
            continue
        if waiting and waiting[-1].day != visit.day:
            fits = visit.day - waiting[0].day <= _TOGETHER
            if not fits or rng.random() > _SHARED:
                yield waiting
                waiting = []
        waiting.append(visit)
    if waiting:
        yield waiting
