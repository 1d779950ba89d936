"""From what ``int_x.yml`` declares to SQL. Nothing here runs."""

from dataclasses import dataclass
from typing import Any

from daysheet.catalog import Model, Reconciliation
from daysheet.catalog.models import Severity
from daysheet.rendering import Relations

GRAIN = "grain is unique"


@dataclass(frozen=True)
class RowCheck:
    """A condition on every row; counted together with the others in one scan."""

    name: str
    severity: Severity
    holds: str


@dataclass(frozen=True)
class SumCheck:
    """A query for two sums that must be equal (within ``within``)."""

    name: str
    severity: Severity
    within: str
    query: str  # with {table} for the version's own table


@dataclass(frozen=True)
class Checks:
    """All checks of one model version."""

    grain: tuple[str, ...]
    rows: tuple[RowCheck, ...]
    sums: tuple[SumCheck, ...]
    relations: frozenset[str]  # read by the checks beside the model itself

    @property
    def statements(self) -> list[Any]:
        """What their hash is made of."""
        return [
            list(self.grain),
            [[check.name, check.severity, check.holds] for check in self.rows],
            [[check.name, check.severity, check.within, check.query] for check in self.sums],
        ]


def compile_checks(model: Model, relations: Relations) -> Checks:
    """The checks of ``model``, reading other relations under the names ``relations`` gives."""
    return Checks(
        grain=model.grain,
        rows=tuple(RowCheck(check.name, check.on_fail, check.holds) for check in model.row_checks),
        sums=tuple(_sum_check(one, relations) for one in model.reconciles),
        relations=frozenset(one.of for one in model.reconciles),
    )


def _sum_check(one: Reconciliation, relations: Relations) -> SumCheck:
    source, _, table = one.of.partition(".")
    other = relations.source(source, table) if table else relations.ref(one.of)
    here = f"select sum({one.sum}) from {{table}}{_where(one.only)}"  # noqa: S608  own yml
    there = f"select sum({one.equals}) from {other}{_where(one.where)}"  # noqa: S608  own yml
    query = f"select coalesce(({here}), 0), coalesce(({there}), 0)"
    return SumCheck(one.name, one.on_fail, one.within, query)


def _where(condition: str | None) -> str:
    return f" where {condition}" if condition else ""
