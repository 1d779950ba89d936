"""The fast look at a row and the grammar in SQL agree, and both are stricter than Postgres."""

from calendar import monthrange

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.loading import Loads

from daysheet.catalog import Contract, load_contracts
from daysheet.catalog.contracts import Column
from daysheet.ingest.grammar import plain_cells, quoted, reasons, typed

KINDS = ["bigint", "integer", "smallint", "money", "double", "date", "timestamp", "time"]
DAY = r"[0-9]{1,4}-[01]?[0-9]-[0-3]?[0-9]"
CLOCK = r"[0-2]?[0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{0,7})?)?"
cells = st.one_of(
    st.text("0123456789-+.eE: _xXnNaA\x01;", min_size=1, max_size=24),
    st.from_regex(r"[-+]?[0-9]{0,20}(\.[0-9]{0,40})?([eE][-+]?[0-9]{1,4})?", fullmatch=True),
    st.from_regex(rf"{DAY}([ T]{CLOCK}(Z|\+[0-9]{{2}})?)?|{CLOCK}", fullmatch=True),
    st.dates().map(str),
    st.datetimes().map(lambda moment: str(moment)[:26]),
    st.sampled_from(["now", "infinity", "NaN", "0x1f", "1_000", "(5)", "0000-00-00", "٣", "1e400"]),
).filter(bool)


@pytest.fixture(scope="module")
def loads(shared_warehouse, tmp_path_factory):
    with Loads(shared_warehouse, tmp_path_factory.mktemp("drops")) as loads:
        yield loads


def one_column(kind: str) -> Contract:
    return Contract(
        source="opendental",
        encoding="utf-8",
        optional=False,
        names={},
        table="example",
        meaning="",
        key=("K",),
        columns={
            "K": Column(type="bigint", load=True, meaning=""),
            "X": Column(type=kind, load=True, meaning=""),
        },
    )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(cells, min_size=20, max_size=60))
def test_what_the_fast_look_passes_is_right_by_the_grammar_and_can_be_cast(loads, kind, texts):
    contract = one_column(kind)
    is_plain = plain_cells(contract, ["X"])
    (wrong,) = reasons(contract, ["X"])
    judged = loads.connection.execute(
        f"select {quoted('X')}, {wrong} from unnest(%s::text[]) as given ({quoted('X')})",
        [[text.replace("\0", "") for text in texts]],
    ).fetchall()
    right = [text for text, reason in judged if reason is None]
    assert {text for text in texts if is_plain(text.encode())} <= set(right)
    cast = typed(contract, ["X"], "X")
    loads.connection.execute(
        f"select {cast} from unnest(%s::text[]) as given ({quoted('X')})", [right]
    ).fetchall()


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("bigint", ["0", "-5", "999999999999999999"]),
        ("money", ["0", "-12.5", "5.684341886080802e-14", "99999999999999.99"]),
        ("date", ["2026-01-31", "2024-02-29", "2000-02-29", "2400-02-29", "0001-01-01"]),
        ("timestamp", ["2026-01-31", "2026-01-31 23:59:59", "2026-01-31 00:00:00.123456"]),
        ("time", ["00:00:00", "23:59:59"]),
    ],
)
def test_ordinary_cells_need_no_second_look(kind, plain):
    is_plain = plain_cells(one_column(kind), ["X"])
    assert [cell for cell in plain if not is_plain(cell.encode())] == []
    assert is_plain(b""), "an empty cell is null"


def test_only_days_that_exist_are_plain():
    is_plain = plain_cells(one_column("date"), ["X"])
    for year in (1, 4, 100, 400, 1600, 1700, 1900, 1904, 1996, 1999, 2000, 2100, 2400, 9996, 9999):
        for month in range(1, 13):
            for day in range(1, 32):
                exists = day <= monthrange(year, month)[1]
                cell = f"{year:04}-{month:02}-{day:02}"
                assert bool(is_plain(cell.encode())) == exists, cell
    assert not is_plain(b"0000-01-01")


def test_an_empty_key_is_never_plain():
    is_plain = plain_cells(load_contracts()["usergroup"], ["UserGroupNum", "Description"])
    assert is_plain(b"1,a")
    assert not is_plain(b",a")


def test_every_contract_has_a_grammar():
    for contract in load_contracts().values():
        names = list(contract.loaded)
        assert plain_cells(contract, names)
        assert len(reasons(contract, names)) >= len(contract.key)
