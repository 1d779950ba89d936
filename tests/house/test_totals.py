"""The totals of a build: what is money and what is a count is told apart by their names."""

from datetime import date

import pytest
import sqlglot
from sqlglot import exp

from daysheet.checks.totals import load_totals
from daysheet.rendering import Relations, render_text


@pytest.mark.parametrize("name", load_totals())
def test_a_total_that_counts_says_so(name):
    text = render_text(load_totals()[name], Relations(), date(2026, 1, 31), name)
    tree = sqlglot.parse_one(text, dialect="postgres")
    counts = {
        projection.alias
        for select in tree.find_all(exp.Select)
        for projection in select.selects
        if isinstance(projection.find(exp.Predicate, exp.AggFunc), exp.Count)
    }
    unsaid = sorted(alias for alias in counts if not alias.endswith("_count"))
    assert not unsaid, (
        f"templates/totals/{name}.sql: {unsaid}: a measure that counts ends in _count"
    )
