"""What both arithmetics say of the same worlds, and where they disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg

from tests.aging.families import DEFINITIONS, STRIDE, month_ends
from tests.aging.ledger import Cell, Ledger, joined, key_of, moved, practice
from tests.aging.models import built
from tests.aging.reference import (
    ADJUSTMENT_LINK,
    COMPLETE,
    PAID,
    PENDING,
    PROCEDURE_LINK,
    Aging,
    Figures,
)

FIGURES = tuple(Figures().rounded())
MODELS = [
    "int_ar_analysis_base",
    "int_ar_shared_calculations",
    "int_ar_transaction_history",
    "int_ar_balance",
    "int_ar_aging_snapshot",
]

Account = dict[str, dict[str, Cell]]  # of what ("running 2024-06-30, family 1"): figure: how much

_LAST_FAMILY_BALANCE = """
    array_agg(
        running_family_balance
        order by transaction_date desc nulls first, transaction_type desc, source_id desc
    )
"""

# Unrounded sums of one family, which several models must agree on.
_SUMS = {
    "int_ar_analysis_base": {
        "balance": "sum(total_ar_balance)",
        "insurance_pending": "sum(insurance_pending_amount)",
        "writeoff_pending": "sum(writeoff_pending_amount)",
    },
    "int_ar_shared_calculations": {
        "balance": "coalesce(sum(amount) filter (where counts), 0)",
        "insurance_pending": "sum(insurance_pending)",
        "writeoff_pending": "sum(writeoff_pending)",
    },
    "int_ar_transaction_history": {
        "balance": "coalesce(sum(amount) filter (where counts), 0)",
        "last_balance": f"({_LAST_FAMILY_BALANCE})[1]",
    },
    "int_ar_balance": {
        "balance": "sum(current_balance)",
        "open": "sum(open_after_credits)",
        "insurance_pending": "sum(insurance_pending)",
        "writeoff_pending": "sum(writeoff_pending)",
    },
}


@dataclass(frozen=True)
class Practice:
    """What one database holds besides families: a day and the preferences that were set."""

    as_of: date
    preferences: Mapping[str, int]

    def ledger(self) -> Ledger:
        return practice(self.preferences, DEFINITIONS)

    def __str__(self) -> str:
        return f"as of {self.as_of}, {dict(self.preferences)}"


def by_reference(world: Ledger, given: Practice) -> Account:
    """Aged figures of each family and patient on each day, unrounded sums, and every row."""
    aging = Aging(joined([world, given.ledger()]))
    account: Account = {}
    days: list[tuple[str, date, date | None]] = [("running", given.as_of, None)]
    days += [("historic", day, given.as_of) for day in month_ends(given.as_of)]
    for mode, day, historic_in in days:
        for guarantor, figures in aging.families(day, historic_in).items():
            account[_whose(mode, day, guarantor, None)] = figures.rounded()
        for patient, figures in aging.families(day, historic_in, by_patient=True).items():
            guarantor = aging.guarantors[patient]
            account[_whose(mode, day, guarantor, patient)] = figures.rounded()
    return account | _running_sums(aging, given.as_of) | _rows(world, aging, given.as_of)


def _running_sums(aging: Aging, as_of: date) -> Account:
    account: Account = {}
    for guarantor, figures in aging.families(as_of).items():
        facts = {
            "balance": figures.balance_total,
            "last_balance": figures.balance_total,
            "open": sum(figures.buckets, Decimal(0)),
            "insurance_pending": figures.insurance_pending,
            "writeoff_pending": figures.writeoff_pending,
        }
        for model, sums in _SUMS.items():
            account[_sums_of(model, guarantor)] = {name: facts[name] for name in sums}
    return account


def _rows(world: Ledger, aging: Aging, as_of: date) -> Account:
    account: Account = {
        f"{table} {key}": {"rows": 1, "amount": Decimal(0), "aging_date": None}
        for table, keys in _ledger_rows(world).items()
        for key in keys
    }
    for entry in aging.aged(as_of):
        if entry.amount:
            account[f"{entry.table} {entry.key}"] |= {
                "amount": entry.amount,
                "aging_date": entry.day,
            }
    return account


def _ledger_rows(world: Ledger) -> dict[str, list[Cell]]:
    """The keys of all rows an account can be made of, whether they count today or not."""
    may_count = {
        "procedurelog": lambda row: row["ProcStatus"] == COMPLETE,
        "claimproc": lambda row: row["Status"] in (PENDING, *PAID),
        "payplanlink": lambda row: row["LinkType"] in (ADJUSTMENT_LINK, PROCEDURE_LINK),
        **dict.fromkeys(("adjustment", "paysplit", "payplan", "payplancharge"), lambda _: True),
    }
    return {
        table: [row[key_of(table)] for row in world[table] if test(row)]
        for table, test in may_count.items()
    }


def by_models(warehouse: str, worlds: Sequence[Ledger], given: Practice) -> list[Account]:
    """What the models say of each world; all worlds are built together, under keys of their own."""
    apart = [moved(world, number * STRIDE) for number, world in enumerate(worlds)]
    ledger = joined([*apart, given.ledger()])
    accounts: list[Account] = [{} for _ in worlds]
    with built(warehouse, ledger, given.as_of, MODELS) as connection:
        _read_snapshot(connection, accounts)
        _read_sums(connection, accounts)
        _read_rows(connection, accounts)
    return accounts


def _read_snapshot(connection: psycopg.Connection, accounts: list[Account]) -> None:
    for row in connection.execute("select * from int_ar_aging_snapshot"):
        number, guarantor = divmod(row["guarantor_id"], STRIDE)
        patient = None if row["patient_id"] is None else row["patient_id"] % STRIDE
        whose = _whose(row["mode"], row["as_of_date"], guarantor, patient)
        assert whose not in accounts[number], f"two rows for {whose}"
        accounts[number][whose] = {figure: row[figure] for figure in FIGURES}


def _read_sums(connection: psycopg.Connection, accounts: list[Account]) -> None:
    for model, sums in _SUMS.items():
        columns = ", ".join(f"{expression} as {name}" for name, expression in sums.items())
        for row in connection.execute(
            f"select guarantor_id, {columns} from {model} where guarantor_id is not null group by 1"
        ):
            number, guarantor = divmod(row.pop("guarantor_id"), STRIDE)
            accounts[number][_sums_of(model, guarantor)] = row


def _read_rows(connection: psycopg.Connection, accounts: list[Account]) -> None:
    for row in connection.execute(
        """
        select
            source_table,
            source_id,
            count(*) as rows,
            sum(amount) as amount,
            min(aging_date) filter (where counts and amount != 0) as aging_date
        from int_ar_shared_calculations
        group by 1, 2
        """
    ):
        number, key = divmod(row.pop("source_id"), STRIDE)
        accounts[number][f"{row.pop('source_table')} {key}"] = row


def _whose(mode: str, day: date, guarantor: int, patient: int | None) -> str:
    return f"{mode} {day}, family {guarantor}" + (f", patient {patient}" if patient else "")


def _sums_of(model: str, guarantor: int) -> str:
    return f"{model}, family {guarantor}"


def differences(models: Account, reference: Account) -> list[str]:
    """Where two accounts of one world differ; what is not there is nothing."""
    found = []
    for what in sorted({*models, *reference}):
        ours, theirs = models.get(what, {}), reference.get(what, {})
        for figure in {**theirs, **ours}:
            here, there = ours.get(figure, Decimal(0)), theirs.get(figure, Decimal(0))
            if here != there:
                found.append(f"{what}: {figure} is {here} in SQL, {there} in the reference")
    return found


def disagreements(warehouse: str, worlds: Sequence[Ledger], given: Practice) -> list[list[str]]:
    """For each world, what differs."""
    return [
        differences(ours, by_reference(world, given))
        for ours, world in zip(by_models(warehouse, worlds, given), worlds, strict=True)
    ]
