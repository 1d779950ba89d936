"""Plant a violation in a build, inside a transaction that is rolled back, and ask the checks."""

import psycopg

from daysheet.builds.opening import read_build
from daysheet.builds.quality import keep_totals
from daysheet.checks.build_checks import load_build_checks, run_build_check
from daysheet.checks.totals import measure_totals
from daysheet.rendering import Relations

CHECKS = {check.name: check for check in load_build_checks()}


class Planted:
    """A build inside a transaction that is rolled back: what is planted here stays here."""

    def __init__(self, db: psycopg.Connection, number: int) -> None:
        self.db, self.build = db, read_build(db, number)
        self.relations = Relations(self.build.schema, self.build.stage_schema)

    def shows(self, relation: str, *, where: str = "true", twice: str = "false", **columns: str):
        """Let a relation show only rows ``where``, some ``twice``, and columns as told."""
        schema, _, name = relation.rpartition(".")
        schema = {"": self.build.schema, "stage": self.build.stage_schema}[schema]
        found = self.db.execute(f"select * from {schema}.{name} limit 0").description
        shown = ", ".join(
            f"{columns[column.name]} as {column.name}" if column.name in columns else column.name
            for column in found
        )
        self.db.execute(f"alter view {schema}.{name} rename to {name}_true")
        self.db.execute(
            f"create view {schema}.{name} as select {shown} from {schema}.{name}_true"
            f" where {where} union all select {shown} from {schema}.{name}_true where {twice}"
        )

    def finds(self, name: str) -> list[dict]:
        """The offenders one check finds, on totals measured anew."""
        keep_totals(self.db, self.build, measure_totals(self.db, self.relations, self.build.as_of))
        return run_build_check(
            self.db,
            CHECKS[name],
            self.relations,
            build=self.build.build,
            batch=self.build.batch,
            as_of=self.build.as_of,
        ).keys

    def one(self, relation: str, column: str, where: str = "true") -> object:
        """The smallest value of a column, for a row to meddle with."""
        row = self.db.execute(
            f"select min({column}) from {self.build.schema}.{relation} where {where}"
        ).fetchone()
        assert row
        assert row[0] is not None, "a practice without one proves nothing"
        return row[0]
