"""What one cell of a report may hold, and how a header and its lines are told apart."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.practice_reports import HEADER, visit, written

from daysheet.catalog import load_contract, load_contracts
from daysheet.ingest.reports.cells import (
    CellRefused,
    Code,
    Moment,
    Payer,
    hash_name,
    parse_code,
    parse_moment,
    parse_money,
    parse_payer,
    parse_text,
    parse_units,
)
from daysheet.ingest.reports.header import recognize
from daysheet.ingest.reports.judging import Judge
from daysheet.ingest.reports.lines import read_lines
from daysheet.ingest.verdicts import FileRejected

TODAY = date(2026, 11, 20)


def told(parse, text):
    """The value, or the code of the refusal."""
    try:
        return parse(text)
    except CellRefused as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,570.00", "1570.00"), ("(29.31)", "-29.31"), ("\u221229.31", "-29.31"),
        ("-$5", "-5.00"), ("$-5", "-5.00"), ("($5)", "-5.00"), ("160.0 ", "160.00"),
        ("130.5000", "130.50"), (".5", "0.50"), ("5.", "5.00"), ("99,999.99", "99999.99"),
        ("\u00a07\t", "7.00"), ("\uff11\uff10", "10.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(text, amount):
    assert str(parse_money(text)) == amount


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", None), ("--", None), ("  ", None), ("abc", "bad_amount"), ("NaN", "bad_amount"),
        ("1e3", "bad_amount"), ("1_000", "bad_amount"), ("1,23", "bad_amount"),
        ("(-5)", "bad_amount"), ("-(5)", "bad_amount"), ("(5", "bad_amount"), ("5)", "bad_amount"),
        ("--5", "bad_amount"), ("-", "bad_amount"), (".", "bad_amount"), ("$", "bad_amount"),
        ("1 000", "bad_amount"), ("5,5", "bad_amount"), ("0x10", "bad_amount"),
        ("130.005", "sub_cent_amount"), ("0.001", "sub_cent_amount"),
        ("100000", "amount_out_of_range"), ("9" * 400, "amount_out_of_range"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_or_none(text, code):
    assert told(parse_money, text) == code


@given(st.integers(-9_999_999, 9_999_999), st.sampled_from(["{}", "${}", " {} ", "{}0", "{:,}"]))
def test_every_amount_to_the_cent_survives(cents, shape):
    amount = Decimal(cents).scaleb(-2)
    assert parse_money(shape.format(amount)) == amount
    assert parse_money(f"({abs(amount):,})") == -abs(amount)


@given(st.text(max_size=12))
def test_an_amount_is_exact_whatever_the_text(text):
    found = told(parse_money, text)
    if isinstance(found, Decimal):
        assert found.as_tuple().exponent == -2
        assert abs(found) < 100_000
    else:
        assert found in (None, "bad_amount", "sub_cent_amount", "amount_out_of_range")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("11/02/2026 08:00", Moment(date(2026, 11, 2), time(8, 0))),
        ("11/2/2026 8:05", Moment(date(2026, 11, 2), time(8, 5))),
        ("2026-11-02T08:00:59", Moment(date(2026, 11, 2), time(8, 0, 59))),
        ("11/02/2026 02:15 PM", Moment(date(2026, 11, 2), time(14, 15))),
        ("11/02/2026 12:00am", Moment(date(2026, 11, 2), time(0, 0))),
        ("11/02/2026 12:30 p.m.", Moment(date(2026, 11, 2), time(12, 30))),
        ("11/02/2026", Moment(date(2026, 11, 2), None)),
        ("03/08/2026 02:30", Moment(date(2026, 3, 8), time(2, 30))),  # no such hour that day
        ("--", None), ("13/02/2026", "bad_date"), ("02/30/2026", "bad_date"),
        ("11/03/26 08:00", "bad_date"), ("20261103", "bad_date"), ("now", "bad_date"),
        ("11/03/2026 25:10", "bad_time"), ("11/03/2026 8", "bad_time"),
        ("11/03/2026 13:00 PM", "bad_time"), ("11/03/2026 08:00Z", "bad_time"),
        ("11/03/2026 08:61", "bad_time"),
    ],
)  # fmt: skip
def test_a_moment_is_what_the_practices_clock_showed(text, moment):
    assert told(parse_moment, text) == moment


@pytest.mark.parametrize(
    ("text", "name", "external_id"),
    [
        ("Summit  (Lakeshore Plan) (70315)", "Summit (Lakeshore Plan)", "70315"),
        ("Kestrel (kbh01)", "Kestrel", "KBH01"),
        ("Zero (00123)", "Zero", "00123"),
        ("Quill ()", "Quill", None),
        ("Fernwood Union Trust", "Fernwood Union Trust", None),
        ("Two (12)", "Two (12)", None),
        ("Long (12345678901)", "Long (12345678901)", None),
        ("(44101)", "44101", "44101"),
    ],
)
def test_a_payers_id_is_the_last_group_of_its_name(text, name, external_id):
    assert parse_payer(text) == Payer(name, external_id)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" 90837-95  ", Code("90837", ("95",))), ("96130-gt-95", Code("96130", ("GT", "95"))),
        ("NO-SHOW", Code("NO-SHOW")), ("90837", Code("90837")), ("", None),
    ],
)  # fmt: skip
def test_a_code_is_told_from_its_modifiers(text, code):
    assert parse_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("=1+1", "suspicious_text"), ("+1", "suspicious_text"), ("@x", "suspicious_text"),
        ("-x", "suspicious_text"), ("a\u202eb", "suspicious_text"), ("a\x07b", "suspicious_text"),
        ("x" * 201, "text_too_long"), ("x" * 200, "x" * 200), ("<b>a</b>", "<b>a</b>"),
        ("a\u00a0 b\tc", "a b c"), ("--", None),
    ],
)  # fmt: skip
def test_text_is_kept_unless_it_is_a_trap(text, code):
    assert told(parse_text, text) == code


@pytest.mark.parametrize(
    ("text", "units"),
    [("1.5", Decimal("1.50")), ("-1", "bad_units"), ("x", "bad_units"), ("10000", "bad_units")],
)
def test_units_are_a_small_count(text, units):
    assert told(parse_units, text) == units


def test_a_client_is_one_in_every_spelling_and_another_with_another_secret():
    judge = Judge(load_contract("simplepractice", "insurance_claims"), TODAY, b"secret")
    texts = {"submitted_on": "", "status": "", "payer": "", "clearinghouse_ref": "CR1",
             "payer_claim_no": ""}  # fmt: skip
    spellings = ["Zoë D'Arcanelle", "ZOË  d'arcanelle", "Zoe\u0308 D'Arcanelle\u00a0"]
    keys = {judge.judge(texts | {"client": name}).cells["client_key"] for name in spellings}
    assert keys == {hash_name(b"secret", "Zoë D'Arcanelle")}
    assert keys != {hash_name(b"other", "Zoë D'Arcanelle")}


def test_every_report_is_told_by_its_own_header():
    contracts = load_contracts("simplepractice")
    assert len(contracts) == 6
    for table, contract in contracts.items():
        header = [column.heading.upper() for column in contract.columns.values() if column.heading]
        layout = recognize(header, contracts.values())
        assert layout.contract.table == table
        assert all(layout.names)


def test_a_heading_twice_in_a_block_is_refused_and_unknown_ones_are_only_counted():
    contracts = load_contracts("simplepractice").values()
    with pytest.raises(FileRejected, match="duplicate_columns"):
        recognize([*HEADER[:14], "Paid", *HEADER[14:]], contracts)
    layout = recognize([*HEADER, "Calyx Thornbury"], contracts)
    assert layout.warnings == ("1 unknown columns: dropped",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_a_person_counts_them(end):
    text = f'a,b{end}1,2{end}{end}4,"x{end}y"{end}5,6'
    found = [(line.number, line.cells, line.fault) for line in read_lines(text)]
    assert found == [
        (1, ["a", "b"], None), (2, ["1", "2"], None), (3, [""], None),
        (4, ["4", f"x{end}y"], None), (6, ["5", "6"], None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (['1,"2', "3,4", "5,6"], ["unterminated_quote", None, None]),
        (['1,"2', '3,4"', "5,6"], ["quote_swallows_rows", "stray_quote", None]),
        (['1,2"x', "3,4"], ["stray_quote", None]),
        (['1,"2"x', "3,4"], ["stray_quote", None]),
    ],
)
def test_a_wrong_quote_costs_its_own_line_only(lines, faults):
    found = read_lines("\n".join(["a,b", *lines]))
    assert [line.fault for line in found][1:] == faults


@given(
    st.lists(st.lists(st.text("ab,\" '\n\u00e9", max_size=5), min_size=18, max_size=18), max_size=4)
)
def test_no_text_is_lost_or_shifted(rows):
    text = written(*rows)
    found = list(read_lines(text))
    assert "".join(line.text for line in found).replace("\n", "").replace("\r", "") == (
        text.replace("\n", "").replace("\r", "")
    )
    good = [line for line in found if not line.fault]
    assert good[0].cells == HEADER
    assert all(line.cells in [HEADER, *rows] for line in good if len(line.cells) == 18)


def test_nothing_of_a_row_is_in_its_repr():
    judge = Judge(load_contract("simplepractice", "appointment_status"), TODAY, b"secret")
    layout = recognize(HEADER, load_contracts("simplepractice").values())
    judged = judge.judge(dict(zip(layout.names, visit(), strict=True)))
    line = list(read_lines(written(visit())))[1]
    said = f"{judged!r} {line!r} {layout!r} {told(parse_text, '=Nightingale')!r}"
    assert "Nightingale" not in said
    assert "130" not in said
