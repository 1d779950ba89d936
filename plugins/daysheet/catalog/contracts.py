"""Source contracts: what a dropped CSV of one table holds, and which of it we keep."""

import re
from functools import cache, cached_property
from typing import Any, Literal

from pydantic import Field

from daysheet.catalog.documents import CatalogError, Document, parse, read_yaml
from daysheet.settings import PROJECT

SOURCES = PROJECT / "sql" / "sources"

_POSTGRES_TYPES = {
    "bigint": "bigint",
    "integer": "integer",
    "smallint": "smallint",
    "money": "numeric(19,4)",
    "double": "double precision",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
    "text": "text",
}


class Column(Document):
    """One vendor column."""

    type: Literal[
        "bigint", "integer", "smallint", "money", "double", "date", "timestamp", "time", "text"
    ]
    load: bool | Literal["presence"] = False  # presence: only whether the cell held anything
    required: bool = False  # decides what a row's money means, so a file must have it
    references: str | None = None  # "table.Column" of the vendor
    is_boolean: bool = Field(False, alias="bool")
    codes: str | None = None  # name of a list in _codes.yml
    blank: int | None = None  # the number the vendor writes for "nothing"
    keep_zero: bool = False  # a reference where 0 means something
    keep_sentinel: bool = False  # a day the ledger ages by: 0001-01-01 is a very old day
    phi: str | None = None
    since: str | None = None  # newer than the contract's version, so a file may lack it
    heading: str | None = None  # of a report's column; without one it is read from another's cell
    block: Literal["client", "insurance"] | None = None  # headings are unique within their block
    reads: Literal["moment", "client", "clinician", "payer", "code", "units"] | None = None
    meaning: str

    @property
    def postgres_type(self) -> str:
        """Type of the column in ``raw``."""
        return "smallint" if self.load == "presence" else _POSTGRES_TYPES[self.type]


class RowFilter(Document):
    """Rows whose ``column`` is not listed are skipped at the scan (and counted as skipped)."""

    column: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


RecognizedBy = Literal["name", "header"]


class Contract(Document):
    """One source table. The first five fields come from the source's ``_source.yml``."""

    source: str
    encoding: str
    names: dict[str, str]
    optional: bool  # nobody misses the table when it was never dropped
    recognized_by: RecognizedBy = "name"  # what says which table a file holds
    table: str
    meaning: str
    key: tuple[str, ...]
    changed_at: str | None = None
    created_at: str | None = None
    append_only: bool = False
    deletes: str | None = None
    rows: RowFilter | None = None
    parked: bool = False  # files are recognized and archived, nothing of them is loaded
    columns: dict[str, Column]

    @property
    def relation(self) -> str:
        """Name of the table in ``raw`` and of its view in ``stage_<n>``."""
        return f"{self.source}__{self.table}"

    @cached_property
    def loaded(self) -> dict[str, Column]:
        """Columns kept in ``raw``, in contract order."""
        return {name: column for name, column in self.columns.items() if column.load}

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns a file must have: key, references, money and what decides about money."""
        return frozenset(
            name
            for name, column in self.loaded.items()
            if not column.since
            and (column.required or name in self.key or column.references or column.type == "money")
        )

    def staging_name(self, column: str) -> str:
        """Name of a vendor column in staging: snake_case, keys ending in ``_id``."""
        if column in self.names:
            return self.names[column]
        if self.recognized_by == "header":
            return column  # a report's columns are named by us
        if column in self.key or self.columns[column].references:
            return _snake(column.removesuffix("Num")) + "_id"
        return _snake(column)


def _snake(name: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.rstrip("_"))
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()


class _Source(Document):
    source: str
    encoding: str
    names: dict[str, str] = {}
    optional: bool = False
    recognized_by: RecognizedBy = "name"


@cache
def load_contract(source: str, table: str) -> Contract:
    """The contract of one table; :class:`CatalogError` when there is none."""
    folder = SOURCES / source
    shared = parse(_Source, folder / "_source.yml", read_yaml(folder / "_source.yml"))
    path = folder / f"{table}.yml"
    contract = parse(Contract, path, shared.model_dump() | read_yaml(path))
    if contract.table != table:
        raise CatalogError(f"{path}: table is {contract.table!r}, the file says {table!r}")
    named = [*contract.key, contract.changed_at, contract.created_at]
    for column in filter(None, named):
        if column not in contract.loaded:
            raise CatalogError(f"{path}: {column} is a key or change column and must be loaded")
    staged = [contract.staging_name(column) for column in contract.loaded]
    for name in staged:
        if staged.count(name) > 1:
            raise CatalogError(f"{path}: two loaded columns are both named {name} in staging")
    return contract


@cache
def load_contracts(source: str = "opendental") -> dict[str, Contract]:
    """All contracts of a source, by table name."""
    paths = sorted((SOURCES / source).glob("[a-z]*.yml"))
    return {path.stem: load_contract(source, path.stem) for path in paths}


@cache
def all_contracts() -> dict[str, Contract]:
    """The contracts of every source, by relation name."""
    sources = sorted(path.parent.name for path in SOURCES.glob("*/_source.yml"))
    found = [contract for source in sources for contract in load_contracts(source).values()]
    return {contract.relation: contract for contract in found}


@cache
def load_codes(source: str = "opendental") -> dict[str, dict[Any, str]]:
    """Code lists of a source: list name -> stored value -> the vendor's own member name."""
    path = SOURCES / source / "_codes.yml"
    lists: dict[str, dict[str, Any]] = read_yaml(path)
    return {
        name: {entry["value"]: entry["code"] for entry in body["values"]}
        for name, body in lists.items()
    }
