"""Fills the desk from a desk file: what is new is added, what differs is changed, all audited."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.desk_file import DeskFile, DeskFileInvalid, Payer
from daysheet.desk.spelling import clean, fold
from daysheet.desk.work_items import close_items

Effect = Literal["added", "changed", "unchanged"]


@dataclass
class Imported:
    """How many entries of each section were added, changed and left as they were."""

    sections: dict[str, Counter[Effect]] = field(default_factory=dict)

    def count(self, section: str, effect: Effect) -> None:
        """Count one entry."""
        self.sections.setdefault(section, Counter())[effect] += 1

    def as_dict(self) -> dict[str, dict[str, int]]:
        """For people and programs: the sections of the file, each with its three counts."""
        return {
            section: {effect: counts[effect] for effect in ("added", "changed", "unchanged")}
            for section, counts in self.sections.items()
        }


def import_desk(
    connection: psycopg.Connection, actor: Actor, path: Path, desk: DeskFile
) -> Imported:
    """Bring the desk to what the file says, in one transaction; twice is as good as once.

    Keys the file leaves out keep their value, and entries it does not name stay. Each entry that
    is new or changed has a row in ``ops.audit``, with what it was. ``path`` is named in faults:
    raises :class:`~daysheet.desk.desk_file.DeskFileInvalid` for a payer, metric or code that does
    not fit what is there.
    """
    with connection.transaction():
        # One import at a time: entries are compared before they are written.
        connection.execute("lock table desk.staff, desk.payers in share row exclusive mode")
        return _Import(connection, actor, path, desk).run()


class _Import:
    """One file on its way into the desk."""

    def __init__(
        self, connection: psycopg.Connection, actor: Actor, path: Path, desk: DeskFile
    ) -> None:
        self._connection, self._actor, self._path, self._desk = connection, actor, path, desk
        self._done = Imported()

    def run(self) -> Imported:
        for payer in self._desk.payers:
            self._payer(payer)
        self._portals()
        self._staff()
        self._targets()
        for holiday in self._desk.holidays:
            self._put("holidays", "holiday", {"day": holiday.day}, {"name": holiday.name})
        for name in sorted(self._desk.settings.model_fields_set):
            value = Jsonb(getattr(self._desk.settings, name), dumps=_as_number)
            self._put("settings", "practice_setting", {"name": name}, {"value": value})
        return self._done

    def _payer(self, payer: Payer) -> None:
        values = payer.model_dump(exclude_unset=True, exclude={"aliases"})
        key: dict[str, Any] = {"external_id": payer.external_id}
        if payer.external_id is None:
            known = self._find_payer(payer.name)
            key = {"payer_id": known} if known else {"external_id": None, "name": payer.name}
        # Whoever writes down what a payer is has looked at it.
        row = self._put("payers", "payers", key, values | {"needs_review": False})
        close_items(
            self._connection,
            self._actor,
            outcome="in the desk file",
            kinds=["payer_review"],
            payer_id=row["payer_id"],
        )
        for spelling in payer.spellings:
            self._connection.execute(
                "insert into desk.payer_aliases (alias_norm, payer_id) values (%s, %s)"
                " on conflict do nothing",
                [spelling, row["payer_id"]],
            )

    def _portals(self) -> None:
        for n, portal in enumerate(self._desk.portals):
            key = {"payer_id": self._payer_id(portal.payer, f"portals.{n}.payer")}
            values = portal.model_dump(exclude_unset=True, exclude={"payer", "name"})
            self._put("portals", "insurance_portals", key | {"name": portal.name}, values)

    def _staff(self) -> None:
        for n, member in enumerate(self._desk.staff):
            values = member.model_dump(exclude_unset=True, exclude={"user_id"})
            if "works_payers" in values:
                values["works_payers"] = [
                    self._payer_id(payer, f"staff.{n}.works_payers")
                    for payer in member.works_payers
                ]
            other = self._connection.execute(
                "select user_id from desk.staff where display_code = %s and user_id != %s",
                [member.display_code, member.user_id],
            ).fetchone()
            if other:
                raise self._fault(f"staff.{n}.display_code", f"it is that of {other[0]}")
            self._put("staff", "staff", {"user_id": member.user_id}, values)

    def _targets(self) -> None:
        rows = self._connection.execute("select distinct metric from desk.metric_targets")
        metrics = sorted(metric for (metric,) in rows)
        for n, target in enumerate(self._desk.targets):
            if target.metric not in metrics:
                raise self._fault(f"targets.{n}.metric", f"not one of {', '.join(metrics)}")
            key = {"metric": target.metric, "month": target.month}
            self._put("targets", "metric_targets", key, {"green": target.green, "red": target.red})

    def _put(
        self, section: str, table: str, key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make the row of that key hold these values; returns it. Nothing differs: untouched."""
        stored = sql.Identifier("desk", table)
        where = sql.SQL(" and ").join(
            sql.SQL("{} is not distinct from {}").format(
                sql.Identifier(name), sql.Placeholder(name)
            )
            for name in key
        )
        with self._connection.cursor(row_factory=dict_row) as cursor:
            was = cursor.execute(
                sql.SQL("select * from {} where {}").format(stored, where), dict(key)
            ).fetchone()
            differing = {
                name: value
                for name, value in values.items()
                if was is None or _plain(was[name]) != _plain(value)
            }
            if was is not None and not differing:
                self._done.count(section, "unchanged")
                return was
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
        self._done.count(section, "added" if was is None else "changed")
        self._audit(section, key, was, differing)
        return now

    def _audit(
        self,
        section: str,
        key: Mapping[str, Any],
        was: Mapping[str, Any] | None,
        now: Mapping[str, Any],
    ) -> None:
        detail = {
            "file": self._path.name,
            "was": was and {name: _shown(was[name]) for name in now},
            "now": {name: _shown(value) for name, value in now.items()},
        }
        subject = f"{section}: {' '.join(str(part) for part in key.values() if part is not None)}"
        self._connection.execute(
            "insert into ops.audit (actor, action, subject, detail)"
            " values (%s, 'desk import', %s, %s)",
            [self._actor.user_id, subject, Jsonb(detail)],
        )

    def _payer_id(self, named: str, where: str) -> UUID:
        found = self._find_payer(named)
        if found is None:
            raise self._fault(where, f"no payer has the id or name {named}")
        return found

    def _find_payer(self, named: str) -> UUID | None:
        """By id, else by any spelling of its name; one with an id of its own comes last."""
        row = self._connection.execute(
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

    def _fault(self, key: str, fault: str) -> DeskFileInvalid:
        return DeskFileInvalid(f"{self._path}: {key}: {fault}")


def _as_number(value: Decimal | None) -> str:
    """JSON of an amount, all its digits."""
    return "null" if value is None else str(value)


def _plain(value: Any) -> Any:
    """As both the database and the file have it."""
    if isinstance(value, Jsonb):
        value = value.obj
    return Decimal(str(value)) if isinstance(value, float) else value


def _shown(value: Any) -> Any:
    """As JSON can hold it."""
    value = _plain(value)
    if isinstance(value, list):
        return [str(each) for each in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
