"""The data dictionary as values: every model, column and source table, and how they hang together.

All of it is read from the files under ``sql/``; nothing is said here that is not said there.
"""

from dataclasses import dataclass
from datetime import date

from daysheet.catalog import Catalog, Check, Contract, Model, all_contracts
from daysheet.catalog.models import column_meanings
from daysheet.dictionary.lineage import ROWS, Derivation, Origin, Step, derive
from daysheet.dictionary.wording import AS_OF
from daysheet.graph import Graph
from daysheet.rendering import Relations, render_model

_STAMPS = ("_created_at", "_updated_at")  # staging adds them to every table


@dataclass(frozen=True, order=True)
class Source:
    """A vendor column (or the rows of its table: ``*``) with its meaning by the contract."""

    relation: str
    column: str
    meaning: str


@dataclass(frozen=True)
class ColumnEntry:
    """One column of one model."""

    name: str
    meaning: str
    note: str | None
    checks: tuple[Check, ...]
    steps: tuple[Step, ...]  # none: copied as it is
    inputs: tuple[Origin, ...]
    uses_as_of: bool
    sources: tuple[Source, ...]  # the vendor columns at the bottom of it


@dataclass(frozen=True)
class ModelEntry:
    """One model."""

    model: Model
    columns: tuple[ColumnEntry, ...]
    models: tuple[str, ...]  # what it reads ...
    tables: tuple[str, ...]
    read_by: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class TableColumn:
    """One vendor column of a source table."""

    name: str
    staged: str | None  # its name in staging; None: not kept
    type: str
    meaning: str
    why: str  # why it is kept as it is, or not at all


@dataclass(frozen=True)
class TableEntry:
    """One source table."""

    contract: Contract
    columns: tuple[TableColumn, ...]
    read_by: tuple[str, ...]


@dataclass(frozen=True)
class Dictionary:
    """Everything, by name."""

    catalog: Catalog
    models: dict[str, ModelEntry]
    tables: dict[str, TableEntry]
    meanings: dict[str, str]


def compile_dictionary(catalog: Catalog, graph: Graph) -> Dictionary:
    """Read the whole dictionary; SQL that cannot be followed is a CatalogError."""
    contracts = all_contracts()
    known = {name: list(model.columns) for name, model in catalog.models.items()}
    known |= {
        relation: [*map(contract.staging_name, contract.loaded), *_STAMPS]
        for relation, contract in contracts.items()
    }
    models: dict[str, ModelEntry] = {}
    for name in graph.order:
        reads = graph.reads[name]
        tables = sorted(f"{source}__{table}" for source, table in reads.sources)
        below = {relation: known[relation] for relation in (*reads.models, *tables)}
        model = catalog.models[name]
        derived = derive(model, below)
        models[name] = ModelEntry(
            model=model,
            columns=tuple(_column(model, column, derived[column], models) for column in derived),
            models=tuple(sorted(reads.models)),
            tables=tuple(tables),
            read_by=tuple(sorted(n for n in catalog.models if name in graph.reads[n].models)),
            sql=render_model(model, Relations(), date.fromisoformat(AS_OF)).replace(
                f"'{AS_OF}'", "as_of"
            ),
        )
    return Dictionary(
        catalog=catalog,
        models=models,
        tables={
            relation: _table(contract, models) for relation, contract in sorted(contracts.items())
        },
        meanings=column_meanings(),
    )


def _column(
    model: Model, name: str, derivation: Derivation, models: dict[str, ModelEntry]
) -> ColumnEntry:
    declared = model.columns[name]
    own = [check for check in model.row_checks if check.name.startswith(f"{name} ")]
    return ColumnEntry(
        name=name,
        meaning=column_meanings().get(name, ""),
        note=declared.note,
        checks=tuple(own[: len(declared.checks)]),
        steps=derivation.steps,
        inputs=tuple(sorted(derivation.origins)),
        uses_as_of=derivation.uses_as_of,
        sources=tuple(sorted({s for o in derivation.origins for s in _sources(o, models)})),
    )


def _sources(origin: Origin, models: dict[str, ModelEntry]) -> set[Source]:
    """The vendor columns an input goes back to; for rows of a model, those of its grain."""
    if origin.relation in models:
        entry = models[origin.relation]
        wanted = entry.model.grain if origin.column == ROWS else (origin.column,)
        return {s for column in entry.columns if column.name in wanted for s in column.sources}
    contract = all_contracts()[origin.relation]
    if origin.column == ROWS:
        return {Source(origin.relation, ROWS, contract.meaning)}
    names = {contract.staging_name(column): column for column in contract.loaded}
    names |= {"_created_at": contract.created_at, "_updated_at": contract.changed_at}
    vendor = names[origin.column]
    if vendor is None:
        return set()
    return {Source(origin.relation, vendor, contract.columns[vendor].meaning)}


def _table(contract: Contract, models: dict[str, ModelEntry]) -> TableEntry:
    columns = []
    for name, column in contract.columns.items():
        columns.append(
            TableColumn(
                name=name,
                staged=contract.staging_name(name) if column.load else None,
                type=column.type,
                meaning=column.meaning,
                why=_why(contract, name),
            )
        )
    readers = [name for name, entry in models.items() if contract.relation in entry.tables]
    return TableEntry(contract, tuple(columns), tuple(sorted(readers)))


def _why(contract: Contract, name: str) -> str:
    """How a vendor column is kept and why, from what its contract says."""
    column = contract.columns[name]
    if not column.load:
        refused = {"free_text": "free text", "secret_or_account": "a secret or account number"}
        return f"not kept: {refused.get(column.phi or '', column.phi or 'no model needs it')}"
    said = []
    if name in contract.key:
        said.append("key")
    if column.references:
        zero = "" if column.keep_zero or name in contract.key else ", 0 read as null"
        said.append(f"refers to {column.references}{zero}")
    if column.load == "presence":
        said.append("only whether the cell holds anything")
    if column.is_boolean:
        said.append("yes or no")
    if column.codes:
        said.append(f"codes of {column.codes}")
    if column.blank is not None:
        said.append(f"{column.blank} read as null")
    if column.keep_sentinel:
        said.append("0001-01-01 kept: a very old day")
    return "; ".join(said)
