"""Models and systems: what each ``int_x.yml`` and ``_system.yml`` promises."""

from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from daysheet.catalog.documents import CatalogError, Document, parse, read_yaml
from daysheet.settings import PROJECT

SQL = PROJECT / "sql"

ModelType = Literal["foundation", "transaction", "snapshot", "metrics", "journey"]
Severity = Literal["error", "warn"]


class System(Document):
    """One folder of models."""

    name: str
    title: str
    purpose: str
    owner: str
    phase: int = Field(ge=0, le=3)
    reads: tuple[str, ...] = ()  # systems whose models this one may read


class Check(Document):
    """A condition every row must meet. ``holds`` is SQL over the model's columns."""

    name: str
    holds: str
    on_fail: Severity = "error"


class Reconciliation(Document):
    """Money in = money out: ``sum`` over the model equals ``equals`` over ``of``, exactly."""

    sum: str
    only: str | None = None  # which of the model's rows
    equals: str
    of: str  # a model, or "source.table" in staging names
    where: str | None = None  # which of the other side's rows
    within: str = "0"
    on_fail: Severity = "error"

    @property
    def name(self) -> str:
        """Name under which its result is kept."""
        return f"{self.sum} reconciles to {self.of}"


class ModelColumn(Document):
    """One output column; its meaning is in ``columns.yml``, ``note`` says what differs here."""

    note: str | None = None
    checks: tuple[str | dict[str, Any], ...] = ()


class Model(Document):
    """One model: ``int_x.sql`` says how, this says what and checks it."""

    name: str
    system: System
    sql_path: Path
    description: str
    type: ModelType
    grain: tuple[str, ...] = Field(min_length=1)
    owner: str
    partition_by: str | None = None
    columns: dict[str, ModelColumn]
    checks: tuple[Check, ...] = ()
    reconciles: tuple[Reconciliation, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()

    @model_validator(mode="after")
    def _names_its_own_columns(self) -> "Model":
        named = [*self.grain, *(column for index in self.indexes for column in index)]
        if self.partition_by:
            named.append(self.partition_by)
        unknown = sorted(set(named) - set(self.columns))
        if unknown:
            raise ValueError(f"not among its columns: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _names_each_check_once(self) -> "Model":
        # Results are kept by name: the second of a name would hide what the first one found.
        names = [check.name for check in (*self.row_checks, *self.reconciles)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two checks of one name: {', '.join(twice)}")
        return self

    @property
    def phase(self) -> int:
        """Which phase DAG builds it."""
        return self.system.phase

    @property
    def sql(self) -> str:
        """The template's text."""
        return self.sql_path.read_text(encoding="utf-8")

    @cached_property
    def row_checks(self) -> tuple[Check, ...]:
        """Every per-row condition: those of its columns, then its own."""
        found = [
            _column_check(self.sql_path, column, check)
            for column, declared in self.columns.items()
            for check in declared.checks
        ]
        return (*found, *self.checks)


def _column_check(path: Path, column: str, check: str | dict[str, Any]) -> Check:
    if check == "not_null":
        return Check(name=f"{column} not null", holds=f"{column} is not null")
    if isinstance(check, dict):
        rest = dict(check)
        on_fail = rest.pop("on_fail", "error")
        match list(rest.items()):
            case [("not_null", True)]:
                return Check(
                    name=f"{column} not null", holds=f"{column} is not null", on_fail=on_fail
                )
            case [("accepted", list(values))]:
                quoted = ", ".join(_literal(value) for value in values)
                return Check(
                    name=f"{column} accepted",
                    holds=f"{column} is null or {column} in ({quoted})",
                    on_fail=on_fail,
                )
            case [("at_least" | "at_most" as kind, bound)]:
                operator = ">=" if kind == "at_least" else "<="
                return Check(
                    name=f"{column} {kind} {bound}",
                    holds=f"{column} is null or {column} {operator} {_literal(bound)}",
                    on_fail=on_fail,
                )
    raise CatalogError(
        f"{path.with_suffix('.yml')}: columns.{column}: {check!r} is not a check; "
        "use not_null, accepted, at_least or at_most (with on_fail: warn if it may not block)"
    )


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


class Catalog(Document):
    """All systems and models, by name."""

    systems: dict[str, System]
    models: dict[str, Model]

    def phase(self, number: int) -> dict[str, Model]:
        """Models of one phase."""
        return {name: model for name, model in self.models.items() if model.phase == number}


@cache
def load_catalog(root: Path = SQL) -> Catalog:
    """Read every ``_system.yml`` and ``int_*.yml`` below ``root``."""
    systems: dict[str, System] = {}
    models: dict[str, Model] = {}
    for path in sorted(root.glob("*/_system.yml")):
        system = parse(System, path, {"name": path.parent.name} | read_yaml(path))
        systems[system.name] = system
        for model_path in sorted(path.parent.glob("int_*.yml")):
            values = {
                "name": model_path.stem,
                "system": system,
                "sql_path": model_path.with_suffix(".sql"),
                "owner": system.owner,
            } | read_yaml(model_path)
            values["columns"] = {
                column: body or {} for column, body in (values.get("columns") or {}).items()
            }
            models[model_path.stem] = parse(Model, model_path, values)
    return Catalog(systems=systems, models=models)


@cache
def column_meanings(root: Path = SQL) -> dict[str, str]:
    """``columns.yml``: one meaning per column name."""
    return read_yaml(root / "columns.yml")


def explained(model: Model, column: str) -> str:
    """What a column of the model means, with what differs there."""
    meaning, note = column_meanings().get(column), model.columns[column].note
    return " ".join(filter(None, (meaning, note)))
