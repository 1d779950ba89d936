"""A model's rows depend on its inputs and the as-of date, on nothing else."""

import pytest
import sqlglot
from sqlglot import exp

from tests.house.repository import models, parsed

MODELS = sorted(models())

_CLOCK_AND_CHANCE = {
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "gen_random_uuid",
    "localtime",
    "localtimestamp",
    "now",
    "rand",  # sqlglot's name of random()
    "random",
    "random_normal",
    "setseed",
    "statement_timestamp",
    "timeofday",
    "transaction_timestamp",
    "uuid",  # sqlglot's name of gen_random_uuid()
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
}
_SESSION_AND_STATE = {
    "current_role",
    "current_setting",
    "current_user",
    "currval",
    "lastval",
    "nextval",
    "pg_backend_pid",
    "session_user",
    "txid_current",
    "user",
}
_RELATIVE_DATES = {"now", "today", "tomorrow", "yesterday"}

_NUMBERING = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)
_ORDER_DEPENDENT = (exp.ArrayAgg, exp.GroupConcat, exp.JSONArrayAgg, exp.JSONObjectAgg)
_ORDER_DEPENDENT_NAMES = {"json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg"}

_JUDGEMENTS = (exp.AggFunc, exp.Case, exp.Filter, exp.Predicate)


def impurities(tree: exp.Query) -> list[str]:
    """What in a query could give other rows on another day, run or machine."""
    found = []
    for node in tree.walk():
        name = _called(node)
        if name in _CLOCK_AND_CHANCE:
            found.append(f"{name}(): use '{{{{ as_of }}}}'::date, or a key of the source")
        elif name in _SESSION_AND_STATE:
            found.append(f"{name}: a model knows nothing of who runs it")
        elif isinstance(node, exp.Literal) and node.this.lower() in _RELATIVE_DATES:
            found.append(f"'{node.this}': Postgres reads it as a date that moves")
        elif missing := _needs_order(node):
            found.append(f"{missing} without order by: the rows may come in any order")
    return found + _numbers_as_identity(tree)


def _called(node: exp.Expression) -> str | None:
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    if isinstance(node, exp.Func):
        return node.sql_name().lower()
    if isinstance(node, exp.Column) and not node.table and not isinstance(node.this, exp.Star):
        quoted = node.this.args.get("quoted")
        return None if quoted or node.name not in _SESSION_AND_STATE else node.name
    return None


def _needs_order(node: exp.Expression) -> str | None:
    """What a node is called when its result depends on an order that it does not give."""
    name = _called(node) or node.key
    match node:
        case exp.Limit() | exp.Offset():
            return None if node.parent.args.get("order") else node.key
        case exp.Distinct() if node.args.get("on"):
            return None if node.parent.args.get("order") else "distinct on"
        case exp.Window() if isinstance(node.this, _NUMBERING):
            return None if _is_ordered(node) else node.this.key
    if isinstance(node, _ORDER_DEPENDENT) or name in _ORDER_DEPENDENT_NAMES:
        return None if node.find(exp.Order) or isinstance(node.parent, exp.WithinGroup) else name
    return None


def _is_ordered(window: exp.Window) -> bool:
    """Whether a window, or the one of its select that it names, has an order."""
    named = window.find_ancestor(exp.Select).args.get("windows") or []
    own = [window, *(other for other in named if other.name == window.alias)]
    return any(each.args.get("order") for each in own)


def _numbers_as_identity(tree: exp.Query) -> list[str]:
    """Output columns that are a row number, or made of one without judging it."""
    numbered: set[str] = set()
    while True:
        more = {
            projection.alias_or_name
            for select in tree.find_all(exp.Select)
            for projection in select.expressions
            if _carries_number(projection.unalias(), numbered)
        } - numbered
        if not more:
            break
        numbered |= more
    outer = [p.alias_or_name for p in tree.selects if _carries_number(p.unalias(), numbered)]
    return [f"{column} is a row number: key rows by what the source calls them" for column in outer]


def _carries_number(node: exp.Expression, numbered: set[str]) -> bool:
    if isinstance(node, exp.RowNumber):
        return True
    if isinstance(node, exp.Column):
        return node.name in numbered
    if isinstance(node, _JUDGEMENTS):
        return False
    if isinstance(node, exp.Window):
        return isinstance(node.this, exp.RowNumber)
    return any(_carries_number(child, numbered) for child in node.iter_expressions())


def test_there_are_models():
    assert len(MODELS) >= 41


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_pure(name):
    assert not impurities(parsed(name)), f"{name}.sql"


@pytest.mark.parametrize("name", MODELS)
def test_the_checks_of_a_model_are_pure(name):
    for check in models()[name].row_checks:
        tree = sqlglot.parse_one(f"select 1 as one where {check.holds}", dialect="postgres")
        assert not impurities(tree), f"{name}.yml: {check.name}"


IMPURE = [
    "select now() as a",
    "select current_date as a",
    "select current_timestamp as a",
    "select localtimestamp as a",
    "select a from t where d > now() - interval '1 day'",
    "select clock_timestamp() as a",
    "select 'today'::date as a",
    "select random() as a",
    "select gen_random_uuid() as a",
    "select uuidv7() as a",
    "select current_user as a",
    "select nextval('s') as a",
    "select current_setting('TimeZone') as a",
    "select row_number() over (order by b) as a from t",
    "select md5((row_number() over (order by b))::text) as a from t",
    "with n as (select row_number() over (order by b) as i from t) select i + 1 as a from n",
    "with n as (select row_number() over () as i, b from t) select b from n where i = 1",
    "with n as (select row_number() over w as i, b from t window w as (partition by c),"
    " v as (order by b)) select b from n where i = 1",
    "select distinct on (b) b, c from t",
    "select b from t limit 1",
    "select string_agg(b, ',') as a from t",
    "select array_agg(b) as a from t",
    "select jsonb_agg(b) as a from t",
]

PURE = [
    "select '2026-01-31'::date - d as age_days from t",
    "with n as (select row_number() over (order by b, c) as i, b from t)"
    " select b from n where i = 1",
    "with n as (select row_number() over (order by b, c) as i, b from t)"
    " select max(b) filter (where i = 1) as first_b from n",
    "with n as (select row_number() over w as i, b from t window w as (order by b))"
    " select b from n where i = 1",
    "select distinct on (b) b, c from t order by b, c",
    "select b from t order by b limit 1",
    "select string_agg(b, ',' order by b) as a from t",
    "select array_agg(b order by b) as a from t",
    "select t.user_id, sum(c) as c from t group by t.user_id",
    "select count(*) as a, sum(b) over (partition by c) as d from t",
]


@pytest.mark.parametrize("query", IMPURE)
def test_impure_sql_is_recognized(query):
    assert impurities(sqlglot.parse_one(query, dialect="postgres"))


@pytest.mark.parametrize("query", PURE)
def test_pure_sql_is_left_alone(query):
    assert impurities(sqlglot.parse_one(query, dialect="postgres")) == []
