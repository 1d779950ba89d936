"""A desk whose day moves, with one session to say things of, and a look at its alerts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from daysheet.alerts.evaluation import Evaluated, evaluate
from daysheet.desk.actors import system
from daysheet.desk.published import Reader, published
from tests.conftest import Warehouse
from tests.desk import invented
from tests.desk.conftest import TODAY, Desk

DAG = system("dag", "tests")


class Days:
    """A session of the desk role whose ``desk.today()`` can be set."""

    def __init__(self, db: psycopg.Connection) -> None:
        self.db = db

    def on(self, day: date) -> None:
        """It is that day."""
        self.db.execute("select set_config('daysheet.as_of', %s, false)", [day.isoformat()])

    @contextmanager
    def writing(self) -> Iterator[Reader]:
        with published(self.db, is_writing=True) as reader:
            yield reader

    def evaluate(self, day: date | None = None) -> Evaluated:
        """Alerts brought up to that day, or to the day it is."""
        if day is not None:
            self.on(day)
        with self.writing() as reader:
            return evaluate(reader, DAG)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with self.db.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, values).fetchall()

    def alerts(self, rule_code: str | None = None) -> list[dict[str, Any]]:
        """Every alert of a rule, or of all, the oldest first."""
        return self.rows(
            "select * from desk.alerts where rule_code = coalesce(%s, rule_code)"
            " order by created_at, rule_code",
            rule_code,
        )

    def alert(self, rule_code: str) -> dict[str, Any]:
        """The one alert of a rule."""
        [found] = self.alerts(rule_code)
        return found

    def events(self, alert_id: UUID) -> list[str]:
        """What became of an alert, in order."""
        rows = self.rows(
            "select kind from desk.alert_events where alert_id = %s order by event_id", alert_id
        )
        return [row["kind"] for row in rows]

    def session(self, **columns: Any) -> UUID:
        """A session as these columns have it, of a payer that takes claims for a year."""
        given = {"billing_status": "submitted", "ins_charge": 100, "service_on": TODAY}
        if "payer_id" not in columns:
            given["payer_id"] = invented.payer(self.db, filing_days=365)
        code = self.db.execute("select gen_random_uuid()::text").fetchone()
        [session_id] = invented.sessions(self.db, [given | {"billing_code": code[0][:8]} | columns])
        return session_id

    def change(self, session_id: UUID, status: str, **columns: Any) -> None:
        """Give a session another status, with its history."""
        sets = "".join(f", {name} = %({name})s" for name in columns)
        with self.db.transaction():
            self.db.execute(
                f"update desk.sessions set billing_status = %(status)s{sets}"
                " where session_id = %(session_id)s",
                columns | {"status": status, "session_id": session_id},
            )
            self.db.execute(
                "insert into desk.session_status_history (session_id, to_status, actor, source)"
                " values (%s, %s, 'system:tests', 'import')",
                [session_id, status],
            )


@pytest.fixture
def days(warehouse: Warehouse) -> Iterator[Days]:
    """On 2026-11-20, a Friday."""
    with Desk(warehouse).open() as db:
        yield Days(db)
