"""The kinds of entries of the settings: payers, portals, targets, staff, holidays, numbers."""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from daysheet.desk.actors import DeskRole
from daysheet.desk.refusals import Refused, conflict, not_possible
from daysheet.desk.setup.desk_file import Holiday, Payer, Portal, Settings, Staff, Target
from daysheet.desk.setup.entries import Writer, as_number, find_payer
from daysheet.desk.setup.settings import Parts, Row, Section


def _named(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _payer(connection: psycopg.Connection, entry: Payer, row: Row | None) -> Parts:
    values = entry.model_dump(exclude={"aliases"}) | {"needs_review": False}
    if row is not None:
        return _named(row, "payer_id"), values
    if entry.external_id is None and find_payer(connection, entry.name):
        raise conflict("a payer of that name is there already", "exists_already")
    return _named(values, "external_id", "name"), values


def _portal(connection: psycopg.Connection, entry: Portal, row: Row | None) -> Parts:
    values = entry.model_dump(exclude={"payer"})
    if row is not None:
        return _named(row, "portal_id"), values
    found = connection.execute(
        "select payer_id from desk.payers where payer_id::text = %s", [entry.payer]
    ).fetchone()
    if found is None:
        raise not_possible("unknown_payer", "choose a payer", field="payer")
    return {"payer_id": found[0], "name": entry.name}, values


def _target(connection: psycopg.Connection, entry: Target, row: Row | None) -> Parts:
    known = connection.execute("select distinct metric from desk.metric_targets").fetchall()
    if (entry.metric,) not in known:
        raise not_possible("unknown_metric", "choose a metric", field="metric")
    return _named(row or entry.model_dump(), "metric", "month"), _named(
        entry.model_dump(), "green", "red"
    )


def _staff(connection: psycopg.Connection, entry: Staff, row: Row | None) -> Parts:
    payers = [(named, find_payer(connection, named)) for named in entry.works_payers]
    if unknown := [named for named, payer_id in payers if payer_id is None]:
        problem = f"no payer has the id or name {unknown[0]}"
        raise not_possible("unknown_payer", problem, field="works_payers")
    taken = connection.execute(
        "select from desk.staff where display_code = %s and user_id != %s",
        [entry.display_code, row["user_id"] if row else entry.user_id],
    ).fetchone()
    if taken is not None:
        problem = "somebody else is called that"
        raise not_possible("code_taken", problem, field="display_code")
    values = entry.model_dump(exclude={"user_id"}) | {"works_payers": [one for _, one in payers]}
    return {"user_id": row["user_id"] if row else entry.user_id}, values


def _confirmed(writer: Writer, entry: Payer, row: Row) -> None:
    writer.reviewed(row["payer_id"], entry.spellings, "confirmed in the settings")


def _leaves_an_admin(writer: Writer, _: Staff, __: Row) -> None:
    found = writer.connection.execute("select from desk.staff where active and desk_role = 'admin'")
    if found.fetchone() is None:
        problem = "nobody would be left who may give rights"
        raise not_possible("last_admin", problem, field="desk_role")


def _holiday(_: psycopg.Connection, entry: Holiday, row: Row | None) -> Parts:
    return _named(row or entry.model_dump(), "day"), {"name": entry.name}


def _setting(_: psycopg.Connection, entry: Settings, row: Row | None) -> Parts:
    (name,) = entry.model_fields_set
    if row is None or row["name"] != name:
        raise Refused(404, "unknown", "there is no such setting")
    return {"name": name}, {"value": Jsonb(getattr(entry, name), dumps=as_number)}


SECTIONS = {
    "payers": Section(
        "payers",
        "payers",
        DeskRole.ADMIN,
        Payer,
        "select payers.*, payer_id::text as key, array(select alias_norm from desk.payer_aliases"
        " where payer_aliases.payer_id = payers.payer_id order by 1) as aliases from desk.payers",
        "needs_review desc, active desc, name, key",
        _payer,
        lambda row: row["external_id"] or row["name"],
        after=_confirmed,
    ),
    "portals": Section(
        "portals",
        "insurance_portals",
        DeskRole.LEAD,
        Portal,
        "select portals.*, portal_id::text as key, payers.name as payer, payers.external_id"
        " from desk.insurance_portals as portals inner join desk.payers using (payer_id)",
        "active desc, payer, name",
        _portal,
        lambda row: f"{row['payer_id']} {row['name']}",
    ),
    "targets": Section(
        "targets",
        "metric_targets",
        DeskRole.LEAD,
        Target,
        "select *, concat_ws(' ', metric, month) as key from desk.metric_targets",
        "metric, month nulls first",
        _target,
        lambda row: " ".join(str(row[name]) for name in ("metric", "month") if row[name]),
        removed_by=lambda row: _named(row, "metric", "month") if row["month"] else None,
    ),
    "staff": Section(
        "staff",
        "staff",
        DeskRole.ADMIN,
        Staff,
        "select staff.*, user_id as key, array(select coalesce(external_id, name) from desk.payers"
        " where payer_id = any(works_payers) order by 1) as payers from desk.staff",
        "active desc, user_id",
        _staff,
        lambda row: row["user_id"],
        after=_leaves_an_admin,
    ),
    "holidays": Section(
        "holidays",
        "holiday",
        DeskRole.ADMIN,
        Holiday,
        "select *, day::text as key from desk.holiday",
        "day desc",
        _holiday,
        lambda row: str(row["day"]),
        removed_by=lambda row: _named(row, "day"),
    ),
    "practice": Section(
        "settings",
        "practice_setting",
        DeskRole.ADMIN,
        Settings,
        "select *, name as key from desk.practice_setting",
        "name",
        _setting,
        lambda row: row["name"],
    ),
}
