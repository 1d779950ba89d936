"""What differs between two builds, by key, and by which batch."""

import psycopg
import pytest

from daysheet.builds.comparing import compare_build, compare_model
from daysheet.builds.opening import BuildRefused
from daysheet.builds.row_differences import RowDifference, Sum
from daysheet.builds.versions import make_model
from tests.builds.conftest import load_batch, new_build

NAMES = "int_names"


@pytest.fixture
def worth(project):
    """Names with a number: what a label is worth is its length."""
    project.write(
        "one/int_names.sql",
        """
        select
            provider_id,
            abbr as provider_label,
            length(abbr)::numeric as worth
        from {{ source('opendental', 'provider') }}
        """,
    )
    project.write(
        "one/int_names.yml",
        """
        description: Providers.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {}
          provider_label: {}
          worth: {}
        """,
    )
    project.reload()
    return project


def build(warehouse, *models, **options) -> int:
    number = new_build(warehouse, publish="never", **options).build
    for model in models or (NAMES, "int_aged"):
        make_model(warehouse.dsn("builder"), number, model)
    return number


def diff(warehouse, before, after, model=NAMES, limit=10):
    return compare_model(warehouse.dsn("builder"), before, after, model, limit)


def test_rows_added_gone_and_changed_are_told_by_key_with_their_batch(worth, practice):
    before = build(practice)
    load_batch(practice, [(1, "DOC"), (2, "HYGIENE"), (4, "NEW")])
    load_batch(practice, [(2, "HYGIENE"), (4, "NEW")])
    found = diff(practice, before, build(practice, batch=3))
    assert (found.what, found.why) == ("changed", ["opendental.provider"])
    assert (found.added, found.gone, found.changed) == (1, 1, 1)
    assert found.columns == {"provider_label": 1, "worth": 1}
    assert found.sums == [Sum("worth", 6, 10)]
    assert found.keys == [
        RowDifference({"provider_id": 1}, "gone", batches=[2, 3]),
        RowDifference(
            {"provider_id": 2},
            "changed",
            ["provider_label", "worth"],
            {"worth": (3, 7)},
            batches=[2, 3],
        ),
        RowDifference({"provider_id": 4}, "added", batches=[2, 3]),
    ]
    assert [(batch.batch, batch.tables) for batch in found.batches] == [
        (2, ["opendental.provider"]),
        (3, ["opendental.provider"]),
    ]


def test_a_row_is_told_with_the_batch_that_touched_it_and_no_other(worth, practice):
    before = build(practice)
    for batch, provider, label in ((2, 1, "DOCTOR"), (3, 2, "HYGIENE")):
        with psycopg.connect(practice.admin) as db:
            db.execute("insert into ops.batch (state, committed_at) values ('committed', now())")
            db.execute(
                "update raw.opendental__provider set _batch_to = %s"
                ' where "ProvNum" = %s and _batch_to = 2147483647',
                [batch, provider],
            )
            db.execute(
                "insert into raw.opendental__provider (_batch_from, _batch_to, _file_id, _line,"
                ' _row_hash, _row_time, "ProvNum", "Abbr") values'
                " (%s, 2147483647, 1, %s, gen_random_uuid(), now(), %s, %s)",
                [batch, provider, provider, label],
            )
            db.execute(
                "insert into ops.source_state (source, table_name, batch, row_count, digest_high,"
                " digest_low) values ('opendental', 'provider', %s, 2, %s, 7)",
                [batch, batch],
            )
    found = diff(practice, before, build(practice, batch=3))
    assert [row.batches for row in found.keys] == [[2], [3]]


def test_no_text_of_a_row_is_told(worth, practice):
    before = build(practice)
    load_batch(practice, [(1, "DOC"), (2, "HYGIENE")])
    found = diff(practice, before, build(practice, batch=2))
    assert found.changed == 1
    assert "HYG" not in repr(found)


def test_backwards_what_was_added_is_gone(worth, practice):
    first = build(practice)
    load_batch(practice, [(1, "DOC"), (2, "HYG"), (4, "NEW")])
    second = build(practice, batch=2)
    assert diff(practice, first, second).added == 1
    assert diff(practice, second, first).gone == 1
    assert [batch.batch for batch in diff(practice, second, first).batches] == [2]


def test_one_version_is_the_same_without_being_read(project, practice):
    before, after = build(practice), build(practice, as_of="2026-02-01")
    with psycopg.connect(practice.admin) as db:
        tables = db.execute("select table_name from ops.model_version").fetchall()
        for (table,) in tables:
            db.execute(f'alter table store."{table}" rename to "gone_{table[:50]}"')
    found = diff(practice, before, after)
    assert (found.what, found.rows, found.keys) == ("same", (2, 2), [])


def test_another_day_is_the_reason_where_nothing_else_is(project, practice):
    before, after = build(practice), build(practice, as_of="2026-02-01")
    same, other = (diff(practice, before, after, name) for name in (NAMES, "int_aged"))
    assert same.what == "same"
    assert (other.why, other.changed, other.batches) == (["the as-of date"], 2, [])
    assert [row.columns for row in other.keys] == [["as_of_date"]] * 2
    assert [row.numbers for row in other.keys] == [{}] * 2, "a date is not told"


def test_a_batch_of_tables_the_model_does_not_read_is_not_named(project, practice):
    before = build(practice)
    with psycopg.connect(practice.admin) as db:
        db.execute("insert into ops.batch (state, committed_at) values ('committed', now())")
        db.execute(
            "insert into ops.source_state (source, table_name, batch, row_count, digest_high,"
            " digest_low) values ('opendental', 'carrier', 2, 1, 1, 1),"
            " ('opendental', 'provider', 2, 9, 9, 9)"
        )
    load_batch(practice, [(1, "DOC")])
    found = diff(practice, before, build(practice, batch=3))
    assert [(batch.batch, batch.tables) for batch in found.batches] == [
        (2, ["opendental.provider"]),
        (3, ["opendental.provider"]),
    ]


def test_a_null_in_the_key_is_equal_to_a_null(project, practice):
    for label in ("abbr", "abbr || '!'"):
        project.write(
            "one/int_names.sql",
            f"select null::bigint as provider_id, min({label}) as provider_label"
            " from {{ source('opendental', 'provider') }}",
        )
        project.write(
            "one/int_names.yml",
            """
            description: Providers.
            type: foundation
            grain: [provider_id]
            columns:
              provider_id: {}
              provider_label: {}
            """,
        )
        project.reload()
        build(practice, NAMES)
    found = diff(practice, 1, 2)
    assert (found.why, found.added, found.gone, found.changed) == (["its SQL"], 0, 0, 1)


def test_rows_of_each_build_s_own_day_are_one_row(project, practice):
    project.write(
        "two/int_aged.yml",
        """
        description: Providers as of a day.
        type: snapshot
        grain: [as_of_date, provider_id]
        columns:
          provider_id: {}
          as_of_date: {}
        """,
    )
    project.reload()
    before, after = build(practice), build(practice, as_of="2026-02-01")
    found = diff(practice, before, after, "int_aged")
    assert (found.what, found.why) == ("equal", ["the as-of date"])
    assert (found.added, found.gone, found.changed) == (0, 0, 0)


def test_a_rate_is_not_summed(worth, practice):
    sql = worth.root / "one" / "int_names.sql"
    worth.write("one/int_names.sql", sql.read_text().replace("as worth", "as worth_rate"))
    yml = worth.root / "one" / "int_names.yml"
    worth.write("one/int_names.yml", yml.read_text().replace("worth", "worth_rate"))
    worth.reload()
    before = build(practice)
    load_batch(practice, [(1, "DOCTOR"), (2, "HYG")])
    found = diff(practice, before, build(practice, batch=2))
    assert (found.changed, found.sums) == (1, [])


def test_a_column_of_one_build_is_named_and_changes_no_row(project, practice):
    before = build(practice, NAMES)
    project.write(
        "one/int_names.sql",
        "select provider_id, 1 as provider_label, abbr as other"
        " from {{ source('opendental', 'provider') }}",
    )
    project.reload()
    found = diff(practice, before, build(practice, NAMES))
    assert found.columns_of_one == ["other", "provider_label"]
    assert (found.changed, found.columns) == (0, {})


def test_a_whole_build_is_told_model_by_model_without_keys(worth, practice):
    before = build(practice, NAMES)
    load_batch(practice, [(1, "DOC")])
    after = build(practice, batch=2)
    told = {one.model: one for one in compare_build(practice.dsn("builder"), before, after)}
    assert {name: one.what for name, one in told.items()} == {
        NAMES: "changed",
        "int_aged": "added",
    }
    assert (told[NAMES].gone, told[NAMES].keys) == (1, [])


def test_only_so_many_keys_are_shown_and_all_are_counted(worth, practice):
    before = build(practice)
    load_batch(practice, [(number, "X") for number in range(3, 30)])
    found = diff(practice, before, build(practice, batch=2), limit=5)
    assert [row.key["provider_id"] for row in found.keys] == [1, 2, 3, 4, 5]
    assert (found.gone, found.added) == (2, 27)


def test_what_is_not_there_is_refused_by_name(project, practice):
    number = build(practice)
    with pytest.raises(BuildRefused, match="no build 99"):
        diff(practice, number, 99)
    with pytest.raises(BuildRefused, match="neither build has a model int_none"):
        diff(practice, number, number, "int_none")
    with psycopg.connect(practice.admin) as db:
        db.execute("update ops.build set dropped_at = now()")
    with pytest.raises(BuildRefused, match="dropped"):
        diff(practice, number, number)
