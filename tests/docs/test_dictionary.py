"""The pages say of every model what its yml and its SQL say, and lead nowhere that is not there."""

import json
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from daysheet.catalog import all_contracts, load_catalog
from daysheet.catalog.models import column_meanings
from daysheet.cli import app
from daysheet.dictionary import FolderInUse, compile_dictionary, write_pages
from daysheet.graph import load_graph
from tests.house.repository import models, parsed

MODELS = sorted(models())
PATTERNS = {
    "foundation": "int_patient_profile",
    "transaction": "int_payment_split",
    "snapshot": "int_claim_snapshot",
    "metrics": "int_collection_metrics",
    "journey": "int_treatment_journey",
}


KNOWN_TAGS = """
    html head meta title link body nav main h1 h2 p a b i br div span ul ol li dl dt dd
    table thead tbody tr th td pre code details summary
"""


class Page(HTMLParser):
    """What a test looks at on a page: its tags, links, anchors and the rows of its tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links, self.anchors = set(), [], set()
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if name in found]
        self.anchors |= {found["id"]} if "id" in found else set()
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag == "td":
            self._in_cell = False

    def handle_data(self, data):
        if self._in_cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def dictionary():
    return compile_dictionary(load_catalog(), load_graph())


@pytest.fixture(scope="module")
def site(dictionary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_pages(dictionary, folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    found = {path.relative_to(site): Page(path.read_text()) for path in site.rglob("*.html")}
    assert len(found) == 6 + len(MODELS) + len(all_contracts())
    return found


def page_of(site, name) -> Page:
    return Page((site / "models" / f"{name}.html").read_text())


@pytest.mark.parametrize("name", MODELS)
def test_yml_sql_and_dictionary_agree_on_the_columns(name, site, dictionary):
    declared = list(models()[name].columns)
    assert parsed(name).named_selects == declared, f"{name}: the yml and the SQL differ"
    assert [column.name for column in dictionary.models[name].columns] == declared
    rows = [row for row in page_of(site, name).rows if row]
    assert [row[0].strip() for row in rows] == declared
    for row in rows:
        assert column_meanings()[row[0].strip()] in " ".join(row[1].split())
        assert row[2].strip(), f"{name}: the page does not say where {row[0].strip()} comes from"


@pytest.mark.parametrize("name", MODELS)
def test_every_column_comes_from_somewhere(name, dictionary):
    lost = [
        column.name
        for column in dictionary.models[name].columns
        if not (column.inputs or column.uses_as_of)
        and all("null" in step.sql for step in column.steps)  # the others write a constant out
    ]
    assert not lost, (
        f"{name}.sql: {lost} are made of no column, of no count and not of the as-of date; "
        "select what they stand for"
    )


@pytest.mark.parametrize("name", MODELS)
def test_what_a_page_traces_is_what_the_model_reads(name, dictionary):
    entry = dictionary.models[name]
    reads = load_graph().reads[name]
    assert set(entry.models) == reads.models
    assert set(entry.tables) == {f"{source}__{table}" for source, table in reads.sources}
    for column in entry.columns:
        assert {origin.relation for origin in column.inputs} <= {*entry.models, *entry.tables}
        for source in column.sources:
            contract = all_contracts()[source.relation]
            assert source.column == "*" or source.column in contract.loaded


@pytest.mark.parametrize(
    ("model", "column", "vendor"),
    [
        ("int_ar_analysis_base", "total_production", "procedurelog: BaseUnits ProcFee UnitQty"),
        ("int_payment_split", "split_amount", "paysplit: SplitAmt"),
        ("int_payment_split", "procedure_date", "procedurelog: ProcDate"),
        ("int_payment_split", "splits_in_payment", "paysplit: *"),
        ("int_payment_split", "_updated_at", "paysplit: SecDateTEdit"),
    ],
)
def test_a_number_is_traced_to_the_vendor_columns_it_is_made_of(dictionary, model, column, vendor):
    (found,) = [one for one in dictionary.models[model].columns if one.name == column]
    (table,) = {source.relation for source in found.sources}
    named = " ".join(source.column for source in found.sources)
    assert f"{table.removeprefix('opendental__')}: {named}" == vendor
    assert all(source.meaning for source in found.sources)


def test_every_link_leads_to_a_page_and_a_place_on_it(site, pages):
    for path, page in pages.items():
        assert page.links
        for link in page.links:
            target, _, anchor = link.partition("#")
            found = (site / path.parent / target).resolve() if target else (site / path).resolve()
            assert found.is_file(), f"{path}: {link}"
            if anchor:
                assert anchor in pages[found.relative_to(site.resolve())].anchors, f"{path}: {link}"


def test_pages_need_no_server_and_no_script_and_hold_no_stray_tag(pages):
    known = set(KNOWN_TAGS.split())
    for path, page in pages.items():
        assert page.tags <= known, f"{path}: {page.tags - known}"
        assert not [link for link in page.links if "//" in link or link.startswith("/")], path


def test_every_vendor_column_is_named_with_its_meaning_and_why_it_is_kept_or_not(site):
    for relation, contract in all_contracts().items():
        rows = Page((site / "tables" / f"{relation}.html").read_text()).rows
        told = {row[0]: row for row in rows if row}
        assert set(told) == set(contract.columns)
        for name, (_, staged, _, meaning, why) in told.items():
            column = contract.columns[name]
            assert meaning == column.meaning
            assert bool(staged) == bool(column.load)
            assert why.startswith("not kept: ") == (not column.load)


def test_the_examples_of_the_patterns_are_of_their_type(dictionary, site):
    text = (site / "patterns.html").read_text()
    assert text.count("<b>See</b>") == len(PATTERNS)
    for kind, example in PATTERNS.items():
        assert dictionary.models[example].model.type == kind
        assert f'<b>See</b> <a href="models/{example}.html">' in " ".join(text.split())


def test_docs_writes_again_what_it_wrote_and_clears_nothing_else(dictionary, tmp_path):
    result = CliRunner().invoke(app, ["docs", str(tmp_path / "site"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["models"] == len(MODELS)
    stale = tmp_path / "site" / "models" / "int_gone.html"
    stale.write_text("gone")
    write_pages(dictionary, tmp_path / "site")
    assert not stale.exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(FolderInUse):
        write_pages(dictionary, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").exists()
