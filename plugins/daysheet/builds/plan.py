"""Fingerprints: what a model version is made of, known before anything is built.

A version's fingerprint is sha256 over its SQL with symbolic names (the as-of date is in it where
the model uses one), the pinned session settings, its indexes, and the fingerprints of what it
reads. A source's is its contract's staging SQL and the order-free digest of its rows as known at
the build's batch. Checks have a hash of their own; descriptions are in neither.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import psycopg

from daysheet.builds.opening import Build
from daysheet.catalog import Catalog, Model, load_catalog, load_contract
from daysheet.checks import Checks, compile_checks
from daysheet.graph import Graph, load_graph
from daysheet.rendering import Relations, render_model, render_staging
from daysheet.warehouse import PINNED_SETTINGS

SHOWN_DIGITS = 16  # of a fingerprint in a table's name: identifiers end at 63 bytes

_SYMBOLIC = Relations()


@dataclass(frozen=True)
class Planned:
    """One model of one build."""

    model: Model
    fingerprint: str
    checks_hash: str
    inputs: Mapping[str, str]  # relation read -> its fingerprint
    symbolic_sql: str
    rendered_sql: str
    checks: Checks

    @property
    def table_name(self) -> str:
        """Name of the version's table in ``store``."""
        return f"{self.model.name}__{self.fingerprint[:SHOWN_DIGITS]}"


class Planner:
    """Works out fingerprints for one build, reading ``ops`` once."""

    def __init__(
        self,
        connection: psycopg.Connection,
        build: Build,
        catalog: Catalog | None = None,
        graph: Graph | None = None,
    ) -> None:
        self.build = build
        self.catalog = catalog or load_catalog()
        self.graph = graph or load_graph()
        self._connection = connection
        self._known: dict[str, str] = {}

    def plan(self, name: str) -> Planned:
        """Everything needed to build, check and link one model."""
        model = self.catalog.models[name]
        relations = Relations(self.build.schema, self.build.stage_schema)
        checks = compile_checks(model, relations)
        fingerprint = self.fingerprint(name)
        reads_in_checks = {
            other: self._relation_fingerprint(other) for other in sorted(checks.relations)
        }
        return Planned(
            model=model,
            fingerprint=fingerprint,
            checks_hash=_digest(compile_checks(model, _SYMBOLIC).statements, reads_in_checks),
            inputs=self._inputs(name),
            symbolic_sql=self._symbolic(name),
            rendered_sql=render_model(model, relations, self.build.as_of),
            checks=checks,
        )

    def fingerprint(self, name: str) -> str:
        """The fingerprint of a model in this build."""
        if name not in self._known:
            inherited = self.inherited.get(name)
            self._known[name] = inherited or _digest(
                self._symbolic(name),
                PINNED_SETTINGS,
                self.catalog.models[name].indexes,
                self._inputs(name),
            )
        return self._known[name]

    @cached_property
    def inherited(self) -> dict[str, str]:
        """Models taken over from the base build as they stand there."""
        if self.build.base_build is None:
            return {}
        rows = self._connection.execute(
            "select model, fingerprint from ops.build_model"
            " where build = %s and action != 'failed'",
            [self.build.base_build],
        ).fetchall()
        return {
            name: fingerprint
            for name, fingerprint in rows
            if name in self.catalog.models and self._inherits(self.catalog.models[name])
        }

    def _inherits(self, model: Model) -> bool:
        if model.phase != self.build.from_phase:
            return model.phase < self.build.from_phase
        return bool(self.build.models) and model.name not in (self.build.models or [])

    def _symbolic(self, name: str) -> str:
        return render_model(self.catalog.models[name], _SYMBOLIC, self.build.as_of)

    def _inputs(self, name: str) -> dict[str, str]:
        reads = self.graph.reads[name]
        found = {model: self.fingerprint(model) for model in sorted(reads.models)}
        for source, table in sorted(reads.sources):
            found[f"{source}.{table}"] = self._source_fingerprint(source, table)
        return found

    def _relation_fingerprint(self, relation: str) -> str:
        source, _, table = relation.partition(".")
        return self._source_fingerprint(source, table) if table else self.fingerprint(relation)

    def _source_fingerprint(self, source: str, table: str) -> str:
        staging = render_staging(load_contract(source, table), "stage", 0)
        return _digest(staging, self._source_states.get((source, table), ("0", "0", "0")))

    @cached_property
    def _source_states(self) -> dict[tuple[str, str], tuple[str, str, str]]:
        rows = self._connection.execute(
            "select distinct on (source, table_name) source, table_name, row_count::text,"
            " digest_high::text, digest_low::text from ops.source_state where batch <= %s"
            " order by source, table_name, batch desc",
            [self.build.batch],
        ).fetchall()
        return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def _digest(*parts: object) -> str:
    plain = [_plain(part) for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _plain(part: object) -> object:
    if isinstance(part, Mapping):
        return {str(key): _plain(value) for key, value in part.items()}
    if isinstance(part, Iterable) and not isinstance(part, str):
        return [_plain(item) for item in part]
    return part
