"""Two versions of one model, row by row: what was added, is gone or changed, by key."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from daysheet.builds.opening import BuildRefused

_NUMBERS = {"smallint", "integer", "bigint", "numeric", "double precision"}


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


class Tables:
    """Two versions of one model, joined by the key; nulls in a key are equal."""

    def __init__(
        self, connection: psycopg.Connection, before: str, after: str, grain: tuple[str, ...]
    ) -> None:
        self.connection = connection
        self.grain = grain
        types = [self._types(table) for table in (before, after)]
        both = {name: kind for name, kind in types[1].items() if types[0].get(name) == kind}
        if lacking := sorted(set(grain) - set(both)):
            raise BuildRefused(f"the key has changed: not the same in both: {', '.join(lacking)}")
        self.types = types[1]
        self.shared = [name for name in both if name not in grain]
        self.columns_of_one = sorted({**types[0], **types[1]}.keys() - both.keys())
        key = sql.SQL("row({})::text").format(sql.SQL(", ").join(map(sql.Identifier, grain)))
        self.pairs = sql.SQL(
            "(select {key} as _key, * from {before}) as a"
            " full join (select {key} as _key, * from {after}) as b on a._key = b._key"
        ).format(
            key=key,
            before=sql.Identifier("store", before),
            after=sql.Identifier("store", after),
        )

    def _types(self, table: str) -> dict[str, str]:
        rows = self.connection.execute(
            "select attname, format_type(atttypid, null) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
            [f"store.{table}"],
        ).fetchall()
        return dict(rows)

    def counts(self) -> dict[str, Any]:
        """Rows added, gone and changed, by column too, and sums: one join, one scan of each."""
        summed = [name for name in self.shared if self.types[name] == "numeric"]
        row = self.connection.execute(
            sql.SQL("select {} from {}").format(
                sql.SQL(", ").join(
                    [
                        sql.SQL("count(*) filter (where a._key is null)"),
                        sql.SQL("count(*) filter (where b._key is null)"),
                        sql.SQL("count(*) filter (where {})").format(self._differs()),
                        *(
                            sql.SQL("count(*) filter (where {both} and {differs})").format(
                                both=_BOTH, differs=_differ(name)
                            )
                            for name in self.shared
                        ),
                        *(
                            sql.SQL("coalesce(sum({}.{}), 0)").format(
                                sql.SQL(side), sql.Identifier(name)
                            )
                            for name in summed
                            for side in ("a", "b")
                        ),
                    ]
                ),
                self.pairs,
            )
        ).fetchone()
        assert row is not None
        added, gone, changed, *rest = row
        by_column = dict(zip(self.shared, rest, strict=False))
        sums = iter(rest[len(self.shared) :])
        return {
            "added": added,
            "gone": gone,
            "changed": changed,
            "columns": {name: count for name, count in by_column.items() if count},
            "columns_of_one": self.columns_of_one,
            "sums": [Sum(name, next(sums), next(sums)) for name in summed],
        }

    def keys(self, limit: int) -> list[RowDifference]:
        """The first rows that differ, in the order of the key."""
        shown = [
            sql.SQL("coalesce(a.{key}, b.{key})").format(key=sql.Identifier(name))
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

    def _row(self, row: tuple[Any, ...]) -> RowDifference:
        key = dict(zip(self.grain, row, strict=False))
        *told, was_there, is_there = row[len(self.grain) :]
        if not (was_there and is_there):
            return RowDifference(key, "gone" if was_there else "added")
        triples = list(zip(*[iter(told)] * 3, strict=True))
        changed = [
            (name, before, after)
            for name, (differs, before, after) in zip(self.shared, triples, strict=True)
            if differs
        ]
        return RowDifference(
            key,
            "changed",
            [name for name, _, _ in changed],
            {
                name: (before, after)
                for name, before, after in changed
                if self.types[name] in _NUMBERS
            },
        )

    def _differs(self) -> sql.Composable:
        if not self.shared:
            return sql.SQL("false")
        either = sql.SQL(" or ").join(map(_differ, self.shared))
        return sql.SQL("{} and ({})").format(_BOTH, either)


_BOTH = sql.SQL("a._key is not null and b._key is not null")


def _differ(column: str) -> sql.Composable:
    name = sql.Identifier(column)
    return sql.SQL("a.{} is distinct from b.{}").format(name, name)
