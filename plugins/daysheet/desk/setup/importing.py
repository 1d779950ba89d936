"""Fills the desk from a desk file: what is new is added, what differs is changed, all audited."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import Actor
from daysheet.desk.setup.desk_file import DeskFile, DeskFileInvalid, Payer
from daysheet.desk.setup.entries import Effect, Writer, as_number, find_payer


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
    raises :class:`~daysheet.desk.setup.desk_file.DeskFileInvalid` for a payer, metric or code that
    does not fit what is there.
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
        self._connection, self._path, self._desk = connection, path, desk
        self._writer = Writer(connection, actor, "desk import", {"file": path.name})
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
            value = Jsonb(getattr(self._desk.settings, name), dumps=as_number)
            self._put("settings", "practice_setting", {"name": name}, {"value": value})
        return self._done

    def _payer(self, payer: Payer) -> None:
        values = payer.model_dump(exclude_unset=True, exclude={"aliases"})
        key: dict[str, Any] = {"external_id": payer.external_id}
        if payer.external_id is None:
            known = find_payer(self._connection, payer.name)
            key = {"payer_id": known} if known else {"external_id": None, "name": payer.name}
        row = self._put("payers", "payers", key, values | {"needs_review": False})
        self._writer.reviewed(row["payer_id"], payer.spellings, "in the desk file")

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
        named = " ".join(str(part) for part in key.values() if part is not None)
        row, effect = self._writer.put(table, key, values, f"{section}: {named}")
        self._done.count(section, effect)
        return row

    def _payer_id(self, named: str, where: str) -> UUID:
        found = find_payer(self._connection, named)
        if found is None:
            raise self._fault(where, f"no payer has the id or name {named}")
        return found

    def _fault(self, key: str, fault: str) -> DeskFileInvalid:
        return DeskFileInvalid(f"{self._path}: {key}: {fault}")
