"""What the desk is told of the practice, entry by entry: written where it differs, and audited."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.spelling import clean, fold
from daysheet.desk.work.items import close_items

Effect = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True)
class Writer:
    """Writes entries for somebody; ``action`` and ``origin`` tell the audit where they are from."""

    connection: psycopg.Connection
    actor: Actor
    action: str
    origin: Mapping[str, Any]

    def put(
        self, table: str, key: Mapping[str, Any], values: Mapping[str, Any], subject: str
    ) -> tuple[dict[str, Any], Effect]:
        """Make the row of that key hold these values; the row as it is then, and what was done."""
        stored = sql.Identifier("desk", table)
        where = _where(key)
        with self.connection.cursor(row_factory=dict_row) as cursor:
            was = cursor.execute(
                sql.SQL("select * from {} where {}").format(stored, where), dict(key)
            ).fetchone()
            differing = {
                name: value
                for name, value in values.items()
                if was is None or _plain(was[name]) != _plain(value)
            }
            if was is not None and not differing:
                return was, "unchanged"
            if was is None:
                whole = {**key, **values}
                statement = sql.SQL("insert into {} ({}) values ({}) returning *").format(
                    stored,
                    sql.SQL(", ").join(map(sql.Identifier, whole)),
                    sql.SQL(", ").join(map(sql.Placeholder, whole)),
                )
            else:
                changes = sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name))
                    for name in differing
                )
                statement = sql.SQL("update {} set {} where {} returning *").format(
                    stored, changes, where
                )
            now = cursor.execute(statement, {**key, **values}).fetchone()
        assert now is not None
        self._audit(subject, was and {name: was[name] for name in differing}, differing)
        return now, "added" if was is None else "changed"

    def remove(self, table: str, key: Mapping[str, Any], subject: str) -> None:
        """Delete the row of that key, which is there."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            was = cursor.execute(
                sql.SQL("delete from {} where {} returning *").format(
                    sql.Identifier("desk", table), _where(key)
                ),
                dict(key),
            ).fetchone()
        self._audit(subject, was, None)

    def reviewed(self, payer_id: UUID, spellings: Iterable[str], outcome: str) -> None:
        """Whoever writes down what a payer is has looked at it: its spellings, and no item left."""
        close_items(
            self.connection, self.actor, outcome=outcome, kinds=["payer_review"], payer_id=payer_id
        )
        for spelling in spellings:
            self.connection.execute(
                "insert into desk.payer_aliases (alias_norm, payer_id) values (%s, %s)"
                " on conflict do nothing",
                [spelling, payer_id],
            )

    def _audit(
        self, subject: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None
    ) -> None:
        detail = {**self.origin, "was": _shown_all(was), "now": _shown_all(now)}
        self.connection.execute(
            "insert into ops.audit (actor, action, subject, detail) values (%s, %s, %s, %s)",
            [self.actor.user_id, self.action, subject, Jsonb(detail)],
        )


def find_payer(connection: psycopg.Connection, named: str) -> UUID | None:
    """By id, else by any spelling of its name; one with an id of its own comes last."""
    row = connection.execute(
        """
        select payers.payer_id
        from desk.payers
        left join desk.payer_aliases
            on payers.payer_id = payer_aliases.payer_id and alias_norm = %(name)s
        where payers.external_id = %(named)s or alias_norm is not null
        order by payers.external_id is distinct from %(named)s, payers.external_id nulls first
        limit 1
        """,
        {"named": named, "name": fold(clean(named))},
    ).fetchone()
    return row and row[0]


def as_number(value: Decimal | None) -> str:
    """JSON of an amount, all its digits."""
    return "null" if value is None else str(value)


def _where(key: Mapping[str, Any]) -> sql.Composable:
    return sql.SQL(" and ").join(
        sql.SQL("{} is not distinct from {}").format(sql.Identifier(name), sql.Placeholder(name))
        for name in key
    )


def _plain(value: Any) -> Any:
    """As both the database and what was entered have it."""
    if isinstance(value, Jsonb):
        value = value.obj
    return Decimal(str(value)) if isinstance(value, float) else value


def _shown_all(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return values and {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    """As JSON can hold it."""
    value = _plain(value)
    if isinstance(value, list):
        return [str(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
