"""Lineage by column: what a column is made of, no more and no less."""

from datetime import date

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from daysheet.catalog import CatalogError, Model, System, load_catalog
from daysheet.dictionary import compile_dictionary
from daysheet.dictionary.lineage import derive
from daysheet.graph import load_graph
from daysheet.rendering import Relations, render_model

READS = {"visits": ["visit_id", "person_id", "cost"], "fees": ["fee_id", "person_id", "amount"]}


@pytest.fixture
def derived(tmp_path):
    """How the columns of a select over ``visits`` and ``fees`` come about."""

    def of(select: str):
        path = tmp_path / "int_tried.sql"
        path.write_text(select)
        system = System(name="s", title="S", purpose="S", owner="s", phase=0)
        columns = {"a": {}}
        model = Model(
            name="int_tried",
            system=system,
            sql_path=path,
            description="Tried.",
            type="metrics",
            grain=("a",),
            owner="s",
            columns=columns,
        )
        return derive(model, READS)

    return of


def made_of(derivation) -> set[str]:
    return {f"{origin.relation}.{origin.column}" for origin in derivation.origins}


@pytest.mark.parametrize(
    ("select", "inputs"),
    [
        ("select cost as a from visits", {"visits.cost"}),
        ("select coalesce(v.cost, 0) + f.amount as a from visits v left join fees f"
         " on v.person_id = f.person_id", {"visits.cost", "fees.amount"}),
        ("with w as (select cost * 2 as c, person_id from visits) select w.c as a from w",
         {"visits.cost"}),
        ("with w as (select * from visits) select w.cost as a from w", {"visits.cost"}),
        ("select count(*) as a from visits", {"visits.*"}),
        ("with w as (select * from fees) select count(*) as a from w", {"fees.*"}),
        ("select sum(cost) filter (where person_id > 5) as a from visits",
         {"visits.cost", "visits.person_id"}),
        ("select rank() over (partition by person_id order by cost) as a from visits",
         {"visits.cost", "visits.person_id"}),
        ("select exists (select 1 from fees where fees.person_id = visits.person_id) as a"
         " from visits", {"fees.person_id", "visits.person_id"}),
        ("select (select max(fees.amount) from fees) as a from visits", {"fees.amount"}),
        ("select latest.amount as a from visits left join lateral (select fees.amount from fees"
         " where fees.person_id = visits.person_id order by 1 limit 1) as latest on true",
         {"fees.amount"}),
        ("select back + cost as a from visits cross join generate_series(1, 3) as months (back)",
         {"visits.cost"}),
        ("with w as (select visits.cost from visits), m as (select *, cost * later as b from w"
         " cross join lateral generate_series(0, w.cost) as later) select cost + b + later as a"
         " from m", {"visits.cost"}),
        ("select each.one as a from visits cross join unnest(array[cost, 1]) as each (one)",
         {"visits.cost"}),
        ("with recursive w as (select person_id as p, cost as c from visits union all"
         " select fees.person_id as p, w.c + fees.amount as c from w inner join fees"
         " on w.p = fees.person_id) select w.c as a from w", {"visits.cost", "fees.amount"}),
        ("select cost as a from visits union all select amount as a from fees",
         {"visits.cost", "fees.amount"}),
    ],
)  # fmt: skip
def test_a_column_is_made_of(derived, select, inputs):
    assert made_of(derived(select)["a"]) == inputs


LEDGER = """
with ledger as (
    select 'visit' as kind, cost as amount from visits
    union all
    select case when fee_id = 1 then 'fee' else 'fine' end as kind, amount from fees
),
counted as (select kind, amount from ledger)
"""


@pytest.mark.parametrize(
    ("select", "inputs"),
    [
        ("select sum(amount) filter (where kind = 'visit') as a from ledger", {"visits.cost"}),
        ("select sum(amount) filter (where kind = 'visit') as a from counted", {"visits.cost"}),
        ("select sum(amount) as a from counted where kind in ('visit')", {"visits.cost"}),
        ("select sum(amount) filter (where kind != 'visit') as a from ledger",
         {"fees.fee_id", "fees.amount"}),
        ("select sum(amount) filter (where kind in ('fee', 'visit')) as a from ledger",
         {"fees.fee_id", "fees.amount", "visits.cost"}),
        ("select sum(amount) filter (where part = 'visit') as a from (select amount, case when kind"
         " like 'f%' then 'other' else kind end as part from ledger) as parts", {"visits.cost"}),
        ("select sum(amount) as a from ledger where kind = 'visit' or amount > 1",
         {"fees.amount", "visits.cost"}),
    ],
)  # fmt: skip
def test_parts_of_a_union_that_are_not_wanted_are_left_out(derived, select, inputs):
    assert made_of(derived(LEDGER + select)["a"]) == inputs


def test_the_as_of_date_and_constants_are_told_from_columns(derived):
    day = derived("select '{{ as_of }}'::date as a, 'x' as b, '{{ as_of }}'::date - cost as c"
                  " from visits")  # fmt: skip
    assert day["a"].uses_as_of
    assert not day["a"].origins
    assert [step.sql for step in day["b"].steps] == ["'x'"]
    assert not day["b"].uses_as_of
    assert day["c"].steps[0].sql == "as_of::date - visits.cost"
    assert made_of(day["c"]) == {"visits.cost"}


def test_steps_lead_from_the_column_to_its_inputs(derived):
    found = derived("with w as (select cost * 2 as c from visits) select w.c + 1 as a from w")
    told = [(step.place, step.name, step.sql) for step in found["a"].steps]
    assert told == [("int_tried", "a", "w.c + 1"), ("w", "c", "visits.cost * 2")]


def test_a_column_of_nowhere_is_refused(derived):
    with pytest.raises(CatalogError, match="nowhere"):
        derived("select visits.cost, nowhere.b as a from visits")


def _by_sqlglot(model: Model, known: dict[str, list[str]]) -> dict[str, set[str]]:
    """Every column's inputs by sqlglot's own lineage, which takes all parts of each union."""
    schema = {name: dict.fromkeys(columns, "text") for name, columns in known.items()}
    tree = qualify(
        sqlglot.parse_one(render_model(model, Relations(), date(2026, 1, 31)), dialect="postgres"),
        dialect="postgres",
        schema=schema,
        quote_identifiers=False,
        validate_qualify_columns=False,
    )
    scope, found = build_scope(tree), {}
    for column in model.columns:
        nodes = lineage(column, tree, schema=schema, dialect="postgres", scope=scope).walk()
        found[column] = {
            f"{node.expression.name}.{node.name.split('.')[-1]}"
            for node in nodes
            if not node.downstream and isinstance(node.expression, exp.Table)
        }
    return found


@pytest.mark.parametrize("name", ["int_ar_analysis_base", "int_payment_split", "int_fee_model"])
def test_another_reader_of_the_same_sql_finds_the_same(name):
    dictionary = compile_dictionary(load_catalog(), load_graph())
    entry = dictionary.models[name]
    known = {other: list(load_catalog().models[other].columns) for other in entry.models}
    for relation in entry.tables:
        staged = [column.staged for column in dictionary.tables[relation].columns if column.staged]
        known[relation] = [*staged, "_created_at", "_updated_at"]
    theirs = _by_sqlglot(entry.model, known)
    for column in entry.columns:
        ours = {f"{i.relation}.{i.column}" for i in column.inputs if i.column != "*"}
        assert ours <= theirs[column.name], column.name
        assert "union" in entry.sql or ours == theirs[column.name], column.name
