"""Completed, insured work that nobody put on a claim: money the desk has to find."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from daysheet.synthetic.amounts import CENT
from daysheet.synthetic.chairside import COMPLETE, fee_on
from daysheet.synthetic.claims import NOT_BILLED, expected
from daysheet.synthetic.clock import NEVER
from daysheet.synthetic.codes import Code
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Circle, Coverage, Person, Procedure

AREA = "completed on no claim"
_CODE = "D0220"
_ESTIMATE = 6

# How many in a thousand by age in days, the first that holds: a little more of what is new, and of
# what can be filed only a few days longer; the rest is mostly too late.
_SHARES = ((45, 12), (334, 4), (365, 16))
_OLDER = 4


@dataclass(slots=True)
class Forgotten:
    """A small x-ray beside other work, charged to the patient and on no claim.

    Draws from streams of its own, after all money was drawn, and is written last: no visit, claim
    or payment is another for it, only what the family owes and is told of that.
    """

    office: Office
    rows: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)

    def leave(self, circle: Circle) -> None:
        """Leave some of a circle's work on no claim."""
        rng = stream(self.office.seed, "forgotten", circle.number)
        for person in circle.people:
            for procedure in list(person.procedures):
                if is_billed(procedure) and rng.random() * 1000 < self._share(procedure.day):
                    self._leave(rng, person, procedure.day)

    def write(self) -> None:
        """Write what was left, once nothing follows that counts its keys."""
        for label in ("procedures", "cents"):
            self.office.count(AREA, label, 0)  # known too where there are none
        for charted, estimated in self.rows:
            key = self.office.drop.add("procedurelog", **charted)
            self.office.drop.add("claimproc", ProcNum=key, **estimated)

    def _share(self, day: date) -> int:
        age = (self.office.until - day).days
        return next((share for days, share in _SHARES if age <= days), _OLDER)

    def _leave(self, rng: Random, person: Person, day: date) -> None:
        office, code, coverage = self.office, self.office.codes[_CODE], person.coverages[0]
        procedure = Procedure(
            key=0,
            person=person,
            day=day,
            code=code,
            fee=fee_on(office, code, day),
            units=code.units + code.base_units,
            provider=person.dentist,
            clinic=person.clinic,
            status=COMPLETE,
        )
        estimate, _ = expected(coverage, "P", procedure)
        entered = {
            "SecUserNumEntry": rng.choice(office.users),
            "SecDateEntry": office.touched(day, rng),
        }
        estimated = _estimate(procedure, coverage, estimate) | entered
        estimated["SecDateEntry"] = day
        estimated["SecDateTEdit"] = entered["SecDateEntry"]
        self.rows.append((_charted(procedure, code) | entered, estimated))
        person.account.charge(day, procedure.gross)
        person.changed = max(person.changed, day)
        office.count(AREA, "procedures")
        office.count(AREA, "cents", estimate // CENT)


def is_billed(procedure: Procedure) -> bool:
    """Whether it is work done that goes on a claim of the patient's plan."""
    coverages = procedure.person.coverages
    return (
        procedure.status == COMPLETE
        and procedure.code.text not in NOT_BILLED
        and bool(coverages)
        and coverages[0].plan.kind != "c"  # owes nothing for one visit
    )


def _charted(procedure: Procedure, code: Code) -> dict[str, Any]:
    day = procedure.day
    return {
        "PatNum": procedure.person.key,
        "ProcDate": day,
        "ProcFee": procedure.fee,
        "ProcStatus": COMPLETE,
        "ProvNum": procedure.provider,
        "DateEntryC": day,
        "ClinicNum": procedure.clinic,
        "CodeNum": code.key,
        "UnitQty": code.units,
        "BaseUnits": code.base_units,
        "DateTP": day,
        "ProcTime": "08:30:00",
        "ProcTimeEnd": "09:10:00",
        "DateTStamp": f"{day} 09:10:00",
        "DateComplete": day,
    }


def _estimate(procedure: Procedure, coverage: Coverage, amount: int) -> dict[str, Any]:
    return {
        "ClaimNum": 0,
        "PatNum": procedure.person.key,
        "ProvNum": procedure.provider,
        "InsPayEst": amount,
        "InsEstTotal": amount,
        "BaseEst": amount,
        "Percentage": procedure.code.percent,
        "Status": _ESTIMATE,
        "PlanNum": coverage.plan.key,
        "InsSubNum": coverage.subscription,
        "DateCP": procedure.day,
        "ProcDate": procedure.day,
        "DateEntry": NEVER,
        "DateSuppReceived": NEVER,
        "DateInsFinalized": NEVER,
        "DedEst": "-1",
        "LineNumber": 1,
        "ClinicNum": procedure.clinic,
    }
