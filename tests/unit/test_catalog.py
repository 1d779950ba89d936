"""What a model's yml may not say, and the words it is told with."""

import pytest

from daysheet.catalog import CatalogError, load_catalog
from daysheet.graph import build_graph

YML = """
description: Names.
type: foundation
grain: [name_id]
columns:
  name_id: {checks: [%s]}
reconciles: [%s]
"""
SUM = "{sum: name_id, equals: name_id, of: %s%s}"


@pytest.fixture
def declare(tmp_path):
    def write(name, checks="not_null", sums="", sql="select 1 as name_id", phase=0):
        folder = tmp_path / f"system_{phase}"
        folder.mkdir(exist_ok=True)
        folder.joinpath("_system.yml").write_text(
            f"title: T\npurpose: P.\nowner: o\nphase: {phase}\n"
        )
        folder.joinpath(f"{name}.sql").write_text(sql)
        folder.joinpath(f"{name}.yml").write_text(YML % (checks, sums))
        load_catalog.cache_clear()
        return tmp_path

    yield write
    load_catalog.cache_clear()


@pytest.mark.parametrize(
    ("checks", "sums"),
    [
        ("not_null, not_null", ""),
        (
            "",
            ", ".join(SUM % ("opendental.patient", only) for only in ("", ", only: name_id > 0")),
        ),
    ],
)
def test_two_checks_of_one_name_are_refused(declare, checks, sums):
    with pytest.raises(CatalogError, match="two checks of one name"):
        load_catalog(declare("int_names", checks, sums))


def test_a_model_reconciles_only_to_what_is_made_before_it(declare):
    declare("int_other")
    root = declare("int_names", sums=SUM % ("int_other", ""))
    with pytest.raises(CatalogError, match="int_other, which is not made before it"):
        build_graph(load_catalog(root))
    declare("int_names", sums=SUM % ("int_other", ""), sql="select * from {{ ref('int_other') }}")
    assert build_graph(load_catalog(root)).order == ("int_other", "int_names")
    declare("int_names")
    declare("int_later", sums=SUM % ("int_other", ""), phase=1)
    assert "int_later" in build_graph(load_catalog(root)).order
