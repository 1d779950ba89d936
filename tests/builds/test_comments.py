"""What the yml says of models and columns is beside them in Postgres, as it is worded today."""

import psycopg

from daysheet.builds.publishing import check_build, publish
from daysheet.builds.versions import make_model
from daysheet.catalog.models import column_meanings
from tests.builds.conftest import OWNER, new_build


def published(warehouse):
    build = new_build(warehouse)
    actions = [
        make_model(warehouse.dsn("builder"), build.build, name).action
        for name in ("int_names", "int_aged")
    ]
    check_build(warehouse.dsn("builder"), build.build)
    publish(warehouse.dsn("builder"), build.build, OWNER, "tester")
    return build, actions


def said(warehouse, view):
    """The comment on a view, and those on its columns."""
    with psycopg.connect(warehouse.dsn("reader")) as db:
        rows = db.execute(
            "select attname, col_description(attrelid, attnum), obj_description(attrelid)"
            " from pg_attribute where attrelid = %s::regclass and attnum > 0",
            [view],
        ).fetchall()
    return rows[0][2], {name: text for name, text, _ in rows}


def test_views_of_a_build_and_of_reporting_say_what_they_hold(project, practice):
    build, _ = published(practice)
    for schema in (build.schema, "reporting"):
        whole, columns = said(practice, f"{schema}.int_names")
        assert whole == "Providers. One row for each provider_id."
        assert columns["provider_id"] == column_meanings()["provider_id"]
        assert all(columns.values())
    assert "_batch" in said(practice, f"{build.schema}.int_names")[1]


def test_a_better_wording_is_there_with_the_next_build_and_nothing_is_rebuilt(project, practice):
    published(practice)
    project.write(
        "one/int_names.yml",
        """
        description: Providers, told better.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {note: "Not hers, '; drop'.", checks: [not_null]}
          provider_label: {}
        indexes: [[provider_label]]
        """,
    )
    project.reload()
    _, actions = published(practice)
    assert set(actions) == {"linked"}
    whole, columns = said(practice, "reporting.int_names")
    assert whole.startswith("Providers, told better.")
    assert columns["provider_id"].endswith(" Not hers, '; drop'.")
