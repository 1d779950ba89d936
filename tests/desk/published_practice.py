"""A dental practice of a few rows, built by the real models and published beside the desk."""

from collections.abc import Collection, Mapping
from datetime import date

import psycopg

from daysheet.catalog import load_catalog, load_contract
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_model, render_staging
from tests.conftest import Warehouse
from tests.models.examples import insert_source_row, table_rows

MODELS = ("int_claim_details", "int_insurance_coverage", "int_procedure_complete")


def publish_practice(
    warehouse: Warehouse,
    given: Mapping[str, str],
    as_of: date,
    models: Collection[str] = MODELS,
) -> int:
    """Publish a build of the ``given`` OpenDental tables, written as text; its number.

    Of ``models`` and what they read.
    """
    graph, catalog = load_graph(), load_catalog()
    needed = graph.upstream(models)
    with psycopg.connect(warehouse.admin) as db:
        db.execute("truncate " + ", ".join(f"raw.opendental__{table}" for table in given))
        (build,) = db.execute(
            "insert into ops.build (batch, as_of, reason, state)"
            " values (1, %s, 'tests', 'published') returning build",
            [as_of],
        ).fetchone()
        relations = Relations(f"build_{build}", f"stage_{build}")
        for schema in (relations.build_schema, relations.stage_schema):
            db.execute(f"create schema {schema}")
        for source, table in sorted({s for name in needed for s in graph.reads[name].sources}):
            contract = load_contract(source, table)
            for line, row in enumerate(table_rows(given.get(table, "none")), start=1):
                insert_source_row(db, contract, line, row)
            db.execute(render_staging(contract, relations.stage_schema, 1))
        for name in graph.order:
            if name in needed:
                select = render_model(catalog.models[name], relations, as_of)
                db.execute(f"create table {relations.build_schema}.{name} as {select}")
        shown = relations.build_schema
        readers = "daysheet_reader, daysheet_desk"
        db.execute(f"grant usage on schema {shown} to {readers}")
        db.execute(f"grant select on all tables in schema {shown} to {readers}")
        db.execute("update ops.current_build set build = %s, batch = 1, as_of = %s", [build, as_of])
    return build
