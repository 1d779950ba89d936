"""Builds of the dental practice as ``ops`` remembers them, beside what was published of them."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Warehouse
from tests.desk.conftest import TODAY
from tests.desk.published_practice import publish_practice
from tests.web.practice import MARKUP

MODEL = "int_claim_details"
BEFORE = {
    "claim": """
        ClaimNum | PatNum | ClaimType | ClaimStatus | DateService | DateSent   | DateSentOrig
        1        | 101    | P         | S           | 2026-04-01  | 2026-04-02 | 2026-04-02
        2        | 102    | P         | S           | 2026-09-01  | 2026-09-02 | 2026-09-02
        """,
    "claimproc": """
        ClaimProcNum | ClaimNum | ProcNum | PlanNum | Status | InsPayEst | InsPayAmt | FeeBilled
        11           | 1        | 1       | 7       | 0      | 80.50     | 0         | 120
        21           | 2        | 3       | 7       | 0      | 10        | 0         | 45
        """,
}  # fmt: skip
# One line is estimated higher, one is new.
AFTER = BEFORE | {
    "claimproc": """
        ClaimProcNum | ClaimNum | ProcNum | PlanNum | Status | InsPayEst | InsPayAmt | FeeBilled
        11           | 1        | 1       | 7       | 0      | 90.50     | 0         | 120
        12           | 1        | 2       | 7       | 0      | 5         | 0         | 30
        21           | 2        | 3       | 7       | 0      | 10        | 0         | 45
        """,
}  # fmt: skip


def publish_two(warehouse: Warehouse) -> tuple[int, int]:
    """Two published builds that differ in one model, and what is remembered of both."""
    with psycopg.connect(warehouse.admin) as db:
        db.execute("insert into ops.batch (state, committed_at) values ('committed', now())")
        db.execute(
            "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
            " state) values ('opendental', 'claimproc', 'claimproc.csv', 'x', 1, 'full', now(),"
            " 'loaded')"
        )
    builds = [publish_practice(warehouse, given, TODAY) for given in (BEFORE, AFTER)]
    with psycopg.connect(warehouse.admin) as db:
        for number, fingerprint in zip(builds, "ab", strict=True):
            remember(db, number, MODEL, fingerprint, rows=4)
            remember(db, number, "int_insurance_coverage", "c", rows=1)
        db.execute("update ops.build set reason = %s where build = %s", [MARKUP, builds[0]])
        db.execute("update ops.current_build set published_at = now()")
    return builds[0], builds[1]


def remember(
    db: psycopg.Connection, build: int, model: str, fingerprint: str, *, rows: int
) -> None:
    """That the build shows that version of the model, and what a check of it found."""
    db.execute(
        "insert into ops.model_version (fingerprint, model, table_name, state, row_count,"
        " byte_size, seconds, inputs, rendered_sql, built_in) values"
        " (%s, %s, %s, 'ready', %s, 1, 1.5, %s, 'select 1', %s) on conflict do nothing",
        [
            fingerprint * 64,
            model,
            f"{model}__{fingerprint}",
            rows,
            Jsonb({"opendental.claimproc": fingerprint}),
            build,
        ],
    )
    db.execute(
        "insert into ops.build_model (build, model, phase, fingerprint, checks_hash, action,"
        " seconds) values (%s, %s, 1, %s, 'h', 'built', 1.5)",
        [build, model, fingerprint * 64],
    )
    db.execute(
        "insert into ops.check_result (fingerprint, checks_hash, check_name, severity, failing)"
        " values (%s, 'h', 'claim_id not null', 'warn', 3) on conflict do nothing",
        [fingerprint * 64],
    )


def report(db: psycopg.Connection, build: int, **parts: Any) -> None:
    """Keep its quality report; ``parts`` are others than a plain one's."""
    body: Mapping[str, Any] = {
        "build": build, "batch": 1, "as_of": TODAY.isoformat(), "compared_with": None,
        "models": [], "findings": [], "totals": [], "checks_run": 7, "check_seconds": "0.5",
    }  # fmt: skip
    db.execute(
        "insert into ops.quality_report (build, report) values (%s, %s)",
        [build, Jsonb({**body, **parts})],
    )
