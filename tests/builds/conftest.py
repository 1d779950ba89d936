"""A tiny project of two models over the provider table, and a warehouse to build it in."""

import textwrap
from pathlib import Path

import psycopg
import pytest

from daysheet.builds.opening import Build, open_build, take_build
from daysheet.catalog import load_catalog
from daysheet.graph import build_graph

OWNER = "test run"

_FILES = {
    "one/_system.yml": """
        title: One
        purpose: A first system.
        owner: tests
        phase: 0
        """,
    "one/int_names.sql": """
        select
            provider_id,
            abbr as provider_label
        from {{ source('opendental', 'provider') }}
        """,
    "one/int_names.yml": """
        description: Providers.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {checks: [not_null]}
          provider_label: {}
        indexes: [[provider_label]]
        """,
    "two/_system.yml": """
        title: Two
        purpose: A second system.
        owner: tests
        phase: 1
        reads: [one]
        """,
    "two/int_aged.sql": """
        select
            provider_id,
            '{{ as_of }}'::date as as_of_date
        from {{ ref('int_names') }}
        """,
    "two/int_aged.yml": """
        description: Providers as of a day.
        type: snapshot
        grain: [provider_id]
        columns:
          provider_id: {}
          as_of_date: {}
        """,
}


class Project:
    """The project's files, changeable by a test."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._patch = root, monkeypatch
        for name, text in _FILES.items():
            self.write(name, text)
        self.reload()

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).strip() + "\n")

    def reload(self) -> None:
        load_catalog.cache_clear()
        catalog = load_catalog(self.root)
        graph = build_graph(catalog)
        for module in ("comparing", "plan", "publishing", "quality"):
            self._patch.setattr(f"daysheet.builds.{module}.load_catalog", lambda: catalog)
        for module in ("builds.origins", "builds.plan", "builds.schemas", "checks.build_checks"):
            self._patch.setattr(f"daysheet.{module}.load_graph", lambda: graph)
        self._patch.setattr("daysheet.builds.publishing.load_build_checks", list)
        self._patch.setattr("daysheet.checks.totals.load_totals", dict)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "sql").mkdir()
    yield Project(tmp_path / "sql", monkeypatch)
    load_catalog.cache_clear()


@pytest.fixture
def labelled(project):
    """The project with names in its second model too."""
    project.write(
        "two/int_aged.sql",
        "select provider_id, provider_label, '{{ as_of }}'::date as as_of_date"
        " from {{ ref('int_names') }}",
    )
    project.write(
        "two/int_aged.yml",
        """
        description: Providers as of a day.
        type: snapshot
        grain: [provider_id]
        columns:
          provider_id: {}
          provider_label: {}
          as_of_date: {}
        """,
    )
    project.reload()
    return project


@pytest.fixture
def practice(warehouse):
    """A warehouse with two providers in batch 1."""
    load_batch(warehouse, [(1, "DOC"), (2, "HYG")])
    return warehouse


def load_batch(warehouse, providers: list[tuple[int, str]]) -> int:
    """Commit a batch in which the provider table is exactly ``providers``."""
    with psycopg.connect(warehouse.admin) as db:
        (batch,) = db.execute(
            "insert into ops.batch (state, committed_at) values ('committed', now())"
            " returning batch"
        ).fetchone()
        db.execute(
            "update raw.opendental__provider set _batch_to = %s where _batch_to = 2147483647",
            [batch],
        )
        for key, label in providers:
            db.execute(
                "insert into raw.opendental__provider (_batch_from, _batch_to, _file_id, _line,"
                ' _row_hash, _row_time, "ProvNum", "Abbr")'
                " values (%s, 2147483647, 1, %s, md5(%s)::uuid, now(), %s, %s)",
                [batch, key, f"{key} {label}", key, label],
            )
        db.execute(
            "insert into ops.source_state (source, table_name, batch, row_count, digest_high,"
            " digest_low) select 'opendental', 'provider', %s, count(*),"
            " coalesce(sum(hashtextextended(_row_hash::text, 0)), 0),"
            " coalesce(sum(hashtextextended(_row_hash::text, 1)), 0)"
            " from raw.opendental__provider where _batch_to = 2147483647",
            [batch],
        )
    return batch


def new_build(warehouse, batch: int = 1, as_of: str = "2026-01-31", **options) -> Build:
    """Open and own a build."""
    with psycopg.connect(warehouse.dsn("builder"), autocommit=True) as db:
        opened = open_build(
            db, batch=batch, as_of=as_of, reason="test", opened_by="test", **options
        )
        return take_build(db, opened.build, OWNER)
