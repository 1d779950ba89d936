"""Fingerprints: what a model version is made of, known before anything is built.

A version's fingerprint is sha256 over its SQL with symbolic names (the as-of date is in it where
the model uses one), the pinned session settings, its grain and indexes, and the fingerprints of
what it reads. Those of the models it reads are the ones the build shows, and it reads their very
tables, so that a fingerprint stays true when code changes under a build. A source's is its
contract's staging SQL and column types, and the order-free digest of its rows as known at the
build's batch. Checks have a hash of their own; descriptions are in neither.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import psycopg

from daysheet.builds.opening import Build, BuildRefused
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

    def plan(self, name: str) -> Planned:
        """Everything needed to build, check and link one model."""
        model = self.catalog.models[name]
        if name in self.inherited:
            return self._as_in_base(model)
        tables = {other: table for other, (_, table) in self._shown.items()}
        relations = Relations(self.build.schema, self.build.stage_schema, tables)
        checks = compile_checks(model, relations)
        reads_in_checks = self._fingerprints(name, checks.relations)
        reads = self.graph.reads[name]
        sources = {f"{source}.{table}" for source, table in reads.sources}
        inputs = self._fingerprints(name, reads.models | sources)
        symbolic_sql = render_model(model, _SYMBOLIC, self.build.as_of)
        made_of = (symbolic_sql, PINNED_SETTINGS, model.grain, model.indexes, inputs)
        return Planned(
            model=model,
            fingerprint=_digest(*made_of),
            checks_hash=_digest(compile_checks(model, _SYMBOLIC).statements, reads_in_checks),
            inputs=inputs,
            symbolic_sql=symbolic_sql,
            rendered_sql=render_model(model, relations, self.build.as_of),
            checks=checks,
        )

    @cached_property
    def inherited(self) -> dict[str, tuple[str, str]]:
        """Fingerprint and checks hash of the models taken over as they stand in the base build."""
        if self.build.base_build is None:
            return {}
        rows = self._connection.execute(
            "select model, fingerprint, checks_hash from ops.build_model"
            " where build = %s and action != 'failed'",
            [self.build.base_build],
        ).fetchall()
        return {
            name: (fingerprint, checks_hash)
            for name, fingerprint, checks_hash in rows
            if name in self.catalog.models and self._inherits(self.catalog.models[name])
        }

    def _inherits(self, model: Model) -> bool:
        if model.phase != self.build.from_phase:
            return model.phase < self.build.from_phase
        made = self.graph.downstream(self.build.models or ())
        return bool(self.build.models) and model.name not in made

    def _as_in_base(self, model: Model) -> Planned:
        # What the code says today does not matter: only its name is left of the model.
        fingerprint, checks_hash = self.inherited[model.name]
        told = f"-- {model.name} is taken over as it stands in build {self.build.base_build}"
        nothing = Checks(model.grain, (), (), frozenset())
        return Planned(model, fingerprint, checks_hash, {}, told, told, nothing)

    def _fingerprints(self, reader: str, relations: Iterable[str]) -> dict[str, str]:
        found = {}
        for relation in sorted(relations):
            source, _, table = relation.partition(".")
            if table:
                found[relation] = self._source_fingerprint(source, table)
            elif relation in self._shown:
                found[relation], _ = self._shown[relation]
            else:
                raise BuildRefused(
                    f"{reader} reads {relation}, which build {self.build.build} does not have yet: "
                    f"clear the task of {relation} first"
                )
        return found

    @cached_property
    def _shown(self) -> dict[str, tuple[str, str]]:
        """Fingerprint and table of each model that is in the build already."""
        rows = self._connection.execute(
            "select model, fingerprint, table_name from ops.build_model"
            " inner join ops.model_version using (model, fingerprint)"
            " where build = %s and action != 'failed'",
            [self.build.build],
        ).fetchall()
        return {model: (fingerprint, table) for model, fingerprint, table in rows}

    def _source_fingerprint(self, source: str, table: str) -> str:
        contract = load_contract(source, table)
        staging = render_staging(contract, "stage", 0)
        types = {name: column.postgres_type for name, column in contract.loaded.items()}
        state = self._source_states.get((source, table), ("0", "0", "0"))
        return _digest(staging, types, state)

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
