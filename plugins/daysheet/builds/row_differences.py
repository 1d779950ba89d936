"""Two versions of one model, row by row: what was added, is gone or changed, by key."""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from daysheet.builds.opening import BuildRefused
from daysheet.builds.origins import Ids

AS_OF = "as_of_date"

_NUMBERS = {"smallint", "integer", "bigint", "numeric", "double precision"}
_RATE = re.compile(r"^avg_|_(rate|pct|share|ratio)$")


@dataclass(frozen=True)
class Sum:
    """A column of exact numbers with decimals (money, mostly), added up in both builds."""

    column: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class RowDifference:
    """One row by its key; of a changed row, the columns that differ."""

    key: dict[str, Any]
    what: str  # added, gone or changed
    columns: list[str] = field(default_factory=list)
    numbers: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # before and after
    batches: list[int] = field(default_factory=list)  # that touched a source row of it


@dataclass(frozen=True)
class Side:
    """A model as a build of a day shows it."""

    schema: str
    model: str
    as_of: date

    def key(self, grain: tuple[str, ...]) -> sql.Composable:
        """The key as text. The build's own day is the same in every build: not which, but today."""
        parts = [
            sql.SQL("nullif({}, {}::date)").format(sql.Identifier(name), sql.Literal(self.as_of))
            if name == AS_OF
            else sql.Identifier(name)
            for name in grain
        ]
        return sql.SQL("row({})::text").format(sql.SQL(", ").join(parts))


class Tables:
    """Two versions of one model, joined by the key; nulls in a key are equal."""

    def __init__(
        self, connection: psycopg.Connection, before: Side, after: Side, grain: tuple[str, ...]
    ) -> None:
        self.connection = connection
        self.grain = grain
        types = [self._types(side) for side in (before, after)]
        both = {name: kind for name, kind in types[1].items() if types[0].get(name) == kind}
        if lacking := sorted(set(grain) - set(both)):
            raise BuildRefused(f"the key has changed: not the same in both: {', '.join(lacking)}")
        self.types = types[1]
        self.shared = [name for name in both if name not in grain]
        self.columns_of_one = sorted({**types[0], **types[1]}.keys() - both.keys())
        self.pairs = sql.SQL("({}) as a full join ({}) as b on a._key = b._key").format(
            *(
                sql.SQL("select {} as _key, * from {}").format(
                    side.key(grain), sql.Identifier(side.schema, side.model)
                )
                for side in (before, after)
            )
        )

    def _types(self, side: Side) -> dict[str, str]:
        """Columns of the model itself: those about its making differ in every build."""
        rows = self.connection.execute(
            "select attname, format_type(atttypid, null) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
            " and not starts_with(attname, '_') order by attnum",
            [f"{side.schema}.{side.model}"],
        ).fetchall()
        return dict(rows)

    def counts(self) -> dict[str, Any]:
        """Rows added, gone and changed, changed rows by column, and sums: one scan of each.

        Exact numbers are summed, but for rates: a sum of these means nothing.
        """
        summed = [
            name for name in self.shared if self.types[name] == "numeric" and not _RATE.search(name)
        ]
        columns = [
            sql.SQL("count(*) filter (where a._key is null)"),
            sql.SQL("count(*) filter (where b._key is null)"),
            sql.SQL("count(*) filter (where {})").format(self._differs()),
            *(
                sql.SQL("count(*) filter (where {} and {})").format(_BOTH, _differ(name))
                for name in self.shared
            ),
            *(
                sql.SQL("coalesce(sum({}.{}), 0)").format(sql.SQL(side), sql.Identifier(name))
                for name in summed
                for side in ("a", "b")
            ),
        ]
        query = sql.SQL("select {} from {}").format(sql.SQL(", ").join(columns), self.pairs)
        row = self.connection.execute(query).fetchone()
        assert row is not None
        added, gone, changed, *rest = row
        sums = iter(rest[len(self.shared) :])
        counted = zip(self.shared, rest, strict=False)
        return {
            "added": added,
            "gone": gone,
            "changed": changed,
            "columns": {name: count for name, count in counted if count},
            "columns_of_one": self.columns_of_one,
            "sums": [Sum(name, next(sums), next(sums)) for name in summed],
        }

    def keys(self, limit: int) -> list[tuple[RowDifference, Ids]]:
        """The first rows that differ, in the order of the key, each with its whole numbers."""
        shown = [
            sql.SQL("coalesce(b.{key}, a.{key})").format(key=sql.Identifier(name))
            for name in self.grain
        ]
        told = [
            part
            for name in self.shared
            for part in (
                _differ(name),
                *(
                    sql.SQL("{}.{}").format(sql.SQL(side), sql.Identifier(name))
                    if self.types[name] in _NUMBERS
                    else sql.SQL("null")
                    for side in ("a", "b")
                ),
            )
        ]
        order = sql.SQL(", ").join(sql.Literal(1 + place) for place in range(len(self.grain)))
        rows = self.connection.execute(
            sql.SQL(
                "select {columns}, a._key is not null, b._key is not null from {pairs}"
                " where a._key is null or b._key is null or {differs} order by {order}"
                " limit {limit}"
            ).format(
                columns=sql.SQL(", ").join([*shown, *told]),
                pairs=self.pairs,
                differs=self._differs(),
                order=order,
                limit=sql.Literal(limit),
            )
        ).fetchall()
        return [self._row(row) for row in rows]

    def _row(self, row: tuple[Any, ...]) -> tuple[RowDifference, Ids]:
        key = dict(zip(self.grain, row, strict=False))
        *told, was_there, is_there = row[len(self.grain) :]
        triples = dict(zip(self.shared, zip(*[iter(told)] * 3, strict=True), strict=True))
        numbers = {
            name: after if is_there else before for name, (_, before, after) in triples.items()
        }
        ids = {name: one for name, one in (numbers | key).items() if isinstance(one, int)}
        if not (was_there and is_there):
            return RowDifference(key, "gone" if was_there else "added"), ids
        changed = {name: values for name, (differs, *values) in triples.items() if differs}
        told_numbers = {
            name: (before, after)
            for name, (before, after) in changed.items()
            if self.types[name] in _NUMBERS
        }
        return RowDifference(key, "changed", list(changed), told_numbers), ids

    def _differs(self) -> sql.Composable:
        if not self.shared:
            return sql.SQL("false")
        either = sql.SQL(" or ").join(map(_differ, self.shared))
        return sql.SQL("{} and ({})").format(_BOTH, either)


_BOTH = sql.SQL("a._key is not null and b._key is not null")


def _differ(column: str) -> sql.Composable:
    name = sql.Identifier(column)
    return sql.SQL("a.{} is distinct from b.{}").format(name, name)
