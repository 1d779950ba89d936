"""The model the manual teaches with is built, just as it is printed there."""

import re
import shutil

import psycopg
import pytest

from daysheet.catalog import load_catalog
from daysheet.checks import compile_checks
from daysheet.graph import build_graph
from daysheet.rendering import Relations
from daysheet.settings import PROJECT
from tests.models import examples

LESSON = (PROJECT / "README.md").read_text().split("## Add a model", 1)[1].split("\n## ", 1)[0]
BLOCKS = re.findall(r"```(sql|yaml)\n(.*?)```", LESSON, re.DOTALL)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """The example, in a copy of sql/ that has the model."""
    assert [kind for kind, _ in BLOCKS] == ["sql", "yaml", "yaml"]
    shutil.copytree(PROJECT / "sql", tmp_path / "sql")
    folder = tmp_path / "sql" / "system_a_fees"
    for suffix, (_, text) in zip((".sql", ".yml"), BLOCKS, strict=False):
        (folder / f"int_x{suffix}").write_text(text)
    catalog = load_catalog(tmp_path / "sql")
    monkeypatch.setattr(examples, "load_catalog", lambda: catalog)
    monkeypatch.setattr(examples, "load_graph", lambda: build_graph(catalog))
    example = tmp_path / "int_x" / "only_completed_work_counts.yml"
    example.parent.mkdir()
    example.write_text(BLOCKS[2][1])
    return catalog, examples._read(example)


def test_the_example_of_the_readme_holds(lesson, warehouse):
    catalog, example = lesson
    assert example.expect
    with psycopg.connect(warehouse.admin) as connection:
        rows = examples.compute(connection, example)
        assert examples.differences(rows, example.expect) == []
        connection.rollback()
    assert len(compile_checks(catalog.models["int_x"], Relations()).sums) == 1
