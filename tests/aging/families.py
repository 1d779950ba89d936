"""Invented families for a search: small worlds of a few families that pay, owe and get muddled.

Whatever a ledger can hold may be drawn: money in another family's name, rows of nobody, plans
across families, future and missing days, fractions of a cent. Keys are below 10 and references may
name what is not there (9), so worlds moved by :data:`STRIDE` share one database undisturbed.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.aging.ledger import BLANK, NEVER, TABLES, Cell, Ledger, Row, key_of

STRIDE = 10
NOT_THERE = 9
MONTH_ENDS = 24  # how far int_ar_aging_snapshot looks back

# Unearned types by DefNum: shown, hidden from the account, hidden and retired; 442 is of another
# list and 443 nowhere, so neither hides anything.
DEFINITIONS: list[Row] = [
    {"DefNum": 288, "Category": 29, "ItemValue": "", "IsHidden": 0},
    {"DefNum": 439, "Category": 29, "ItemValue": "X", "IsHidden": 0},
    {"DefNum": 440, "Category": 29, "ItemValue": "hide", "IsHidden": 1},
    {"DefNum": 441, "Category": 29, "ItemValue": "", "IsHidden": 1},
    {"DefNum": 442, "Category": 10, "ItemValue": "X", "IsHidden": 0},
]

_EDGES = (0, 1, 15, 30, 31, 45, 60, 61, 75, 90, 91, 400, -1, -20)  # ages at which buckets change
_DUE = (-10, -11, -30, -31)  # and those at which plan charges come due

_ROUND = [Decimal(text) for text in ("100", "-100", "60", "-40", "10", "-10", "25", "33.33", "0")]
_FINE = [Decimal(text) for text in ("0.005", "-0.005", "0.0045", "0.0005", "12.3456", "-7.0049")]
_MONEY = st.one_of(
    st.sampled_from(_ROUND),
    st.sampled_from(_ROUND + _FINE),
    st.integers(-2_000_000, 2_000_000).map(lambda mils: Decimal(mils).scaleb(-4)),
)
_OVERRIDE = st.sampled_from([BLANK, BLANK, Decimal(0), Decimal(25), Decimal("10.005")])
_PROVIDER = st.sampled_from([0, 1])
_CLINIC = st.sampled_from([0, 0, 1])


def month_ends(as_of: date) -> list[date]:
    """The month ends strictly before ``as_of``, newest first."""
    days, first = [], as_of.replace(day=1)
    for _ in range(MONTH_ENDS):
        days.append(first - timedelta(days=1))
        first = days[-1].replace(day=1)
    return days


def _interesting_days(as_of: date) -> list[date | None]:
    now = [as_of - timedelta(days=age) for age in (*_EDGES, *_DUE)]
    past = [end - timedelta(days=age) for end in month_ends(as_of) for age in _EDGES]
    return [*now * (len(past) // len(now)), *past, *[NEVER, None] * 10]


@st.composite
def worlds(draw: st.DrawFn, as_of: date) -> Ledger:
    """One world; its days lie around ``as_of`` and the month ends before it."""
    few = draw(st.lists(st.sampled_from(_interesting_days(as_of)), min_size=2, max_size=5))
    return {table: list(rows) for table, rows in _tables(draw, st.sampled_from(few))}


def _tables(
    draw: st.DrawFn, day: st.SearchStrategy[date | None]
) -> Iterator[tuple[str, list[Row]]]:
    narrow = draw(st.booleans())  # nearly everything concerns one patient, procedure and plan

    def some(table: str, most: int, **columns: st.SearchStrategy[Cell]) -> list[Row]:
        row = st.fixed_dictionaries(columns)
        drawn = draw(st.lists(row, min_size=1 if narrow else 0, max_size=most))
        return [
            TABLES[table] | {key_of(table): number} | row for number, row in enumerate(drawn, 1)
        ]

    def one_of(rows: list[Row], *others: int) -> st.SearchStrategy[int]:
        known = list(range(1, len(rows) + 1)) * 3
        return st.sampled_from([*known, *([1] * 12 if narrow else []), *others, NOT_THERE])

    money = _MONEY
    if narrow:  # few amounts, so that some meet their opposite
        few = draw(st.lists(_MONEY, min_size=2, max_size=3))
        money = st.sampled_from([*few, *(-amount for amount in few)])
    people = draw(st.integers(1, 2 if narrow else 5))
    heads = st.sampled_from([1, 1, 1, *range(1, people + 1), NOT_THERE])
    patients = [
        TABLES["patient"] | {"PatNum": number, "Guarantor": draw(heads)}
        for number in range(1, people + 1)
    ]
    patient = one_of(patients)
    procedures = some(
        "procedurelog",
        4,
        PatNum=patient,
        ProcStatus=st.sampled_from([2] * 21 + [1, 3, 4, 5, 6, 7, 8]),
        ProcDate=day,
        ProcFee=money,
        UnitQty=st.sampled_from([1, 1, 1, 2, 0]),
        BaseUnits=st.sampled_from([0, 0, 0, 1]),
        ProvNum=_PROVIDER,
        ClinicNum=_CLINIC,
    )
    procedure = one_of(procedures, 0, 0)
    plans = some(
        "payplan",
        2,
        PatNum=patient,
        Guarantor=patient,
        PayPlanDate=day,
        CompletedAmt=money,
        PlanNum=st.sampled_from([0, 0, 0, 5]),
        IsClosed=st.sampled_from([0, 0, 1]),
    )
    plan = one_of(plans)
    maybe_plan = st.one_of(st.just(0), plan)
    adjustments = some(
        "adjustment",
        5,
        PatNum=patient,
        AdjDate=day,
        AdjAmt=money,
        ProcNum=procedure,
        ProcDate=day,
        ProvNum=_PROVIDER,
        ClinicNum=_CLINIC,
    )
    for row in adjustments:
        if draw(st.integers(0, 3)):
            _agree(row, procedures, "PatNum", "ProcDate")
        if draw(st.booleans()):
            _agree(row, procedures, "ProvNum", "ClinicNum")
    yield "patient", patients
    yield "procedurelog", procedures
    yield (
        "claimproc",
        some(
            "claimproc",
            5,
            PatNum=patient,
            ProcNum=procedure,
            Status=st.sampled_from([0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
            DateCP=day,
            ProcDate=day,
            InsPayAmt=money,
            WriteOff=money,
            InsPayEst=money,
            InsEstTotalOverride=_OVERRIDE,
            WriteOffEst=_OVERRIDE,
            WriteOffEstOverride=_OVERRIDE,
            PayPlanNum=maybe_plan,
        ),
    )
    yield "adjustment", adjustments
    yield (
        "paysplit",
        some(
            "paysplit",
            5,
            PatNum=patient,
            DatePay=day,
            SplitAmt=money,
            PayPlanNum=maybe_plan,
            UnearnedType=st.sampled_from([0, 0, 0, 0, 288, 439, 440, 441, 442, 443]),
            ProcNum=procedure,
            AdjNum=one_of(adjustments, 0),
        ),
    )
    yield "payplan", plans
    yield (
        "payplancharge",
        some(
            "payplancharge",
            6,
            PayPlanNum=plan,
            Guarantor=patient,
            PatNum=patient,
            ChargeDate=day,
            Principal=money,
            Interest=st.sampled_from([Decimal(0), Decimal(0), Decimal("1.5")]),
            ChargeType=st.sampled_from([0, 1]),
            ProcNum=procedure,
        ),
    )
    yield (
        "payplanlink",
        some(
            "payplanlink",
            3,
            PayPlanNum=plan,
            LinkType=st.sampled_from([*[1] * 6, *[2] * 12, 0, 3]),
            FKey=st.sampled_from([1, 1, 1, 2, 2, 3, NOT_THERE]),
            AmountOverride=st.sampled_from([*[Decimal(0)] * 12, Decimal(25), *_FINE[:3]]),
        ),
    )


def _agree(adjustment: Row, procedures: list[Row], *names: str) -> None:
    """Repeat what the procedure says, as the practice system does."""
    for procedure in procedures:
        if procedure["ProcNum"] == adjustment["ProcNum"]:
            adjustment.update({name: procedure[name] for name in names})


def families_of(world: Ledger) -> int:
    """How many families a world holds."""
    return len({row["Guarantor"] for row in world["patient"]})
