"""Files as they come out of broken exports, one fault each: what is loaded and what is refused."""

import gzip
from datetime import date, datetime
from decimal import Decimal

import pytest
from tests.ingest.loading import Loads

from daysheet.catalog import load_contract
from daysheet.ingest.verdicts import FileHeld, FileRejected
from daysheet.settings import Settings

# A small table with a key, a text and the vendor's spelling; one with money, dates and times.
GROUP = "UserGroupNum,Description\n"
FEE = "FeeNum,Amount,FeeSched,CodeNum,ClinicNum,ProvNum,SecUserNumEntry,SecDateEntry,SecDateTEdit\n"


@pytest.fixture
def loads(shared_warehouse, tmp_path):
    with Loads(shared_warehouse, tmp_path, max_field_bytes=1000) as loads:
        yield loads


def groups(loads: Loads) -> list[tuple]:
    return loads.current("usergroup", "UserGroupNum", "Description")


# text of the file, rows that load, reasons by line
ROWS = {
    "plain": (GROUP + "1,a\n2,b\n", [(1, "a"), (2, "b")], {}),
    "byte order mark": (b"\xef\xbb\xbf" + (GROUP + "1,a\n").encode(), [(1, "a")], {}),
    "CRLF": (GROUP.replace("\n", "\r\n") + "1,a\r\n2,b\r\n", [(1, "a"), (2, "b")], {}),
    "CR only": (GROUP.replace("\n", "\r") + "1,a\r2,b\r", [(1, "a"), (2, "b")], {}),
    "mixed line ends": (GROUP + "1,a\r2,b\r\n3,c\n", [(1, "a"), (2, "b"), (3, "c")], {}),
    "blank lines are no rows": (GROUP + "1,a\n\n\n2,b\n\n", [(1, "a"), (2, "b")], {}),
    "an empty text is no null": (GROUP + '1,\n2,""\n', [(1, ""), (2, "")], {}),
    "the word NULL is text": (GROUP + "1,NULL\n2,\\N\n", [(1, "NULL"), (2, "\\N")], {}),
    "quoted": (GROUP + '1,"a, ""b"""\n"2","c"\n', [(1, 'a, "b"'), (2, "c")], {}),
    "a cell of two lines": (GROUP + '1,"a\nb"\n2,c\n', [(1, "a\nb"), (2, "c")], {}),
    "a lone backslash-dot": (GROUP + "1,a\n\\.\n2,b\n", [(1, "a"), (2, "b")], {3: ["wrong_width"]}),
    "backslash-dot as a cell": (GROUP + '1,\\.\n2,"\n\\.\n"\n', [(1, "\\."), (2, "\n\\.\n")], {}),
    "NUL": (GROUP.encode() + b"1,a\n2,b\0\n3,c\n", [(1, "a"), (3, "c")], {3: ["nul_byte"]}),
    "Latin-1": (GROUP.encode() + b"1,\xe9\n2,b\n", [(2, "b")], {2: ["bad_encoding"]}),
    "UTF-8": (GROUP + "1,Zoë 漢\n", [(1, "Zoë 漢")], {}),
    "too wide, too narrow": (
        GROUP + "1,a,x\n2\n3,c\n",
        [(3, "c")],
        {2: ["wrong_width"], 3: ["wrong_width"]},
    ),
    "stray quote": (GROUP + '1,a"b\n2,b\n', [(2, "b")], {2: ["stray_quote"]}),
    "text after a quote": (GROUP + '1,"a"b\n2,b\n', [(2, "b")], {2: ["stray_quote"]}),
    "a quote never closed": (
        GROUP + '1,"a\n2,b\n3,c\n',
        [(2, "b"), (3, "c")],
        {2: ["unterminated_quote"]},
    ),
    "two stray quotes around a row": (
        GROUP + '1,"a\n2,b\n3,c"\n4,d\n',
        [(4, "d")],
        {line: ["quote_swallows_rows"] for line in (2, 3, 4)},
    ),
    "two stray quotes in neighbors": (
        GROUP + '1,"a\n2,b"\n3,c\n',
        [(3, "c")],
        {line: ["quote_swallows_rows"] for line in (2, 3)},
    ),
    "no final line end": (GROUP + "1,a\n2,b", [(1, "a")], {3: ["no_final_newline"]}),
    "cut in the last row": (GROUP + "1,a\n2,", [(1, "a")], {3: ["no_final_newline"]}),
    "an empty key": (GROUP + "1,a\n,b\n", [(1, "a")], {3: ["missing_key:UserGroupNum"]}),
    "a key of the wrong kind": (
        GROUP + "x,a\n 1,b\n1 ,c\n+1,d\n0x1,e\n1_0,f\n9223372036854775808,g\n1.0,h\n-,i\n-5,j\n",
        [(-5, "j")],
        {line: ["bad_integer:UserGroupNum"] for line in range(2, 11)},
    ),
    "the largest key": (GROUP + "9223372036854775807,a\n007,b\n", [(7, "b"), (2**63 - 1, "a")], {}),
    "a cell over the limit": (
        GROUP + f"1,a\n2,{'x' * 1001}\n3,{'x' * 1000}\n",
        [(1, "a"), (3, "x" * 1000)],
        {3: ["field_too_long"]},
    ),
    "a row over the limit": (
        GROUP + f"1,a\n2,{'x' * 4_000_000}\n3,c\n",
        [(1, "a"), (3, "c")],
        {3: ["row_too_long"]},
    ),
    "header only": (GROUP, [], {}),
    "columns in another order": ("Description,UserGroupNum\na,1\n", [(1, "a")], {}),
}


@pytest.mark.parametrize("case", ROWS)
def test_good_rows_load_and_each_bad_one_is_quarantined(loads, case):
    text, rows, refused = ROWS[case]
    report = loads.load("usergroup", text)
    assert groups(loads) == rows
    assert loads.quarantined(report.file_id) == refused
    assert report.read == len(rows) + len(refused) == report.inserted + report.quarantined
    assert report.state == ("loaded_with_quarantine" if refused else "loaded")
    assert loads.state("usergroup") == loads.counted_state("usergroup")


@pytest.mark.parametrize("case", ROWS)
def test_a_packed_file_loads_the_same(loads, case):
    text, rows, refused = ROWS[case]
    packed = gzip.compress(text if isinstance(text, bytes) else text.encode())
    report = loads.load("usergroup", packed, name="usergroup.csv.gz")
    assert (groups(loads), loads.quarantined(report.file_id)) == (rows, refused)


MONEY = {
    "5": "5", "-5.5": "-5.5", "": None, "0.00005": "0.0001", "-0.00005": "-0.0001",
    "0.00004999": "0", "5.684341886080802e-14": "0", "-1E-14": "0", "1e14": "100000000000000",
    "1.5E+3": "1500", "999999999999999.9999": "999999999999999.9999", "-0": "0", "007.50": "7.5",
    "123.4567890123456789012345678901234567890": "123.4568", ".5": "0.5", "5.": "5",
}  # fmt: skip
NO_MONEY = [
    "NaN", "Infinity", "-inf", "1e15", "-1e15", "1000000000000000", "999999999999999.99996", "$5",
    "(5.00)", "1.000,00", "5 ", " 5", "1_000", "0x1f", "1e400", "now", "1e", "e5", "-", ".", "--5",
    "5-", "1.2.3", "NULL", "\u0661", "5\u00a0", "1e1000",
]  # fmt: skip


def test_money_is_read_as_the_vendor_prints_it_and_nothing_else(loads):
    cells = [*MONEY, *NO_MONEY]
    text = "".join(f'{at},"{cell}",1,1,0,0,0,,\n' for at, cell in enumerate(cells))
    report = loads.load("fee", FEE + text)
    loaded = dict(loads.current("fee", "FeeNum", "Amount"))
    assert [loaded[at] for at in range(len(MONEY))] == [
        None if value is None else Decimal(value) for value in MONEY.values()
    ]
    assert report.reasons == {"bad_money:Amount": len(NO_MONEY)}
    assert len(loaded) == len(MONEY)


DAYS = {
    "2024-02-29": datetime(2024, 2, 29), "0001-01-01": datetime(1, 1, 1), "": None,
    "0000-00-00": datetime(1, 1, 1), "9999-12-31": datetime(9999, 12, 31),
    "2000-02-29 23:59:59": datetime(2000, 2, 29, 23, 59, 59),
    "2026-01-31 00:00:00.25": datetime(2026, 1, 31, 0, 0, 0, 250000),
    "0000-00-00 00:00:00": datetime(1, 1, 1),
}  # fmt: skip
NO_DAYS = [
    "2023-02-29", "1900-02-29", "2026-02-30", "2026-04-31", "2026-13-01", "2026-00-10", "now", " ",
    "0000-05-01", "today", "infinity", "tomorrow", "20260101", "2026-1-1", "01/02/2026", "epoch",
    "2026-01-01T00:00", "2026-01-01 24:00:00", "2026-01-01 23:60:00", "2026-01-01 10:00",
    "2026-01-01 10:00:00Z", "2026-01-01 10:00:00+02", "2026-01-01;", "2026-01-01 ", " 2026-01-01",
    "12026-01-01", "J2451187", "2026-01-01 10:00:00.1234567", "2026-001", "0001-01-01 BC",
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "kind"), [("SecDateEntry", "date"), ("SecDateTEdit", "timestamp")]
)
def test_days_are_read_in_one_form_and_must_exist(loads, column, kind):
    assert load_contract("opendental", "fee").columns[column].type == kind
    good = {day: when for day, when in DAYS.items() if kind == "timestamp" or len(day) <= 10}
    bad = [*NO_DAYS, *(day for day in DAYS if day not in good)]
    text = "".join(f"{at},1,1,1,0,0,0,{cell}\n" for at, cell in enumerate([*good, *bad]))
    report = loads.load("fee", FEE.replace("SecDateEntry,SecDateTEdit", column) + text)
    expected = [day.date() if day and kind == "date" else day for day in good.values()]
    assert [value for _, value in loads.current("fee", "FeeNum", column)] == expected
    assert report.reasons == {f"bad_{kind}:{column}": len(bad)}


def test_a_refused_row_names_every_bad_cell_and_keeps_its_text(loads):
    report = loads.load("fee", FEE + "1,$5,x,1,0,0,0,now,\n")
    assert loads.all("select line, reasons from quarantine.refused_row") == [
        (2, ["bad_money:Amount", "bad_integer:FeeSched", "bad_date:SecDateEntry"])
    ]
    (text,) = loads.one("select raw_text::jsonb ->> 'Amount' from quarantine.refused_row")
    assert text == "$5"
    assert sum(report.reasons.values()) == 3


def test_a_refused_line_keeps_its_text_unless_the_table_has_secrets(loads):
    loads.load("usergroup", GROUP + '1,"Canary\n')
    loads.load("preference", "PrefNum,PrefName,ValueString\n1,Password,Canary,\n")
    texts = [text for (text,) in loads.all("select raw_text from quarantine.refused_row")]
    assert texts[0] == '1,"Canary'
    assert "Canary" not in texts[1]


REJECTED = {
    "empty_file": b"",
    "not_csv": (GROUP + "1,a\n").encode("utf-16"),
    "bad_header": (GROUP + "1,a\n").encode("utf-16-le"),
    "duplicate_columns": "UserGroupNum,Description,Description\n1,a,b\n",
}


@pytest.mark.parametrize("code", REJECTED)
def test_what_is_no_csv_of_the_table_is_rejected_whole(loads, code):
    with pytest.raises(FileRejected) as refusal:
        loads.load("usergroup", REJECTED[code])
    assert refusal.value.code == code
    assert groups(loads) == []


@pytest.mark.parametrize(
    "start",
    [b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"%PDF-1.7\n", b'"no end\n1,a\n', b"\n1,a\n", b"\0\n"],
)
def test_other_formats_are_rejected(loads, start):
    with pytest.raises(FileRejected):
        loads.load("usergroup", start + b"\n1,a\n")


def test_a_damaged_or_misnamed_gzip_is_rejected(loads):
    packed = gzip.compress((GROUP + "1,a\n" * 1000).encode())
    for damaged in (packed[:-9], packed[:20] + b"??" + packed[22:], b"1,a\n"):
        with pytest.raises(FileRejected) as refusal:
            loads.load("usergroup", damaged, name="usergroup.csv.gz")
        assert refusal.value.code == "bad_gzip"
    assert groups(loads) == []


def test_a_gzip_bomb_is_rejected_before_it_unpacks(loads):
    bomb = gzip.compress(GROUP.encode() + b"1,a\n" * 3_000_000)
    with pytest.raises(FileRejected) as refusal:
        loads.load("usergroup", bomb, name="usergroup.csv.gz")
    assert refusal.value.code == "gzip_bomb"


def test_a_file_over_the_size_limit_is_rejected(loads):
    loads.settings = Settings(max_file_bytes=1000)
    with pytest.raises(FileRejected) as refusal:
        loads.load("usergroup", GROUP + "1,a\n" * 1000)
    assert refusal.value.code == "too_large"


def test_bytes_that_are_not_those_hashed_are_rejected(loads):
    with pytest.raises(FileRejected) as refusal:
        loads.load("usergroup", GROUP + "1,a\n", sha256="0" * 64)
    assert refusal.value.code == "changed_while_read"
    assert groups(loads) == []


def test_missing_required_columns_hold_the_file_and_are_named(loads):
    with pytest.raises(FileHeld) as refusal:
        loads.load("fee", "FeeNum,CodeNum,Canary\n1,1,1\n")
    assert refusal.value.code == "missing_columns"
    assert "Amount" in refusal.value.problem
    assert "Canary" not in refusal.value.problem, "the line may be a row of data, not a header"


def test_missing_other_columns_load_as_null_with_a_warning(loads):
    header = "FeeNum,Amount,FeeSched,CodeNum,ClinicNum,ProvNum,SecUserNumEntry\n"
    report = loads.load("fee", header + "1,2,3,4,5,6,7\n")
    assert loads.current("fee", "FeeNum", "SecDateEntry") == [(1, None)]
    assert "column SecDateEntry is missing: loaded as null" in report.warnings


def test_an_unknown_column_is_dropped_and_its_name_cleaned(loads):
    hostile = '"x\'); drop table raw.opendental__usergroup; --"'
    report = loads.load("usergroup", f"UserGroupNum,Description,{hostile},b\n1,a,secret,2\n")
    assert report.warnings == (
        "column x??? drop table raw.opendental__usergrou is unknown: dropped",
        "column b is unknown: dropped",
    )
    assert groups(loads) == [(1, "a")]


def test_a_million_columns_are_refused_quickly(loads):
    with pytest.raises(FileRejected):
        loads.load("usergroup", GROUP.strip() + "," * 1_000_000 + "\n")


def test_rows_the_contract_leaves_out_are_skipped_and_counted(loads):
    report = loads.load(
        "preference",
        "PrefNum,PrefName,ValueString\n1,AgingProcLifo,1\n2,Password,Canary\n"
        '3,"AgingProcLifo",0\n4,"Pass""word",x\n',
    )
    assert (report.read, report.inserted, report.skipped) == (4, 2, 2)
    assert loads.current("preference", "PrefNum", "ValueString") == [(1, "1"), (3, "0")]


def test_a_presence_column_holds_only_whether_there_was_something(loads):
    report = loads.load(
        "eobattach",
        "EobAttachNum,ClaimPaymentNum,DateTCreated,FileName,RawBase64\n"
        '1,2,2026-01-01,f,Canary\n2,2,2026-01-01,f,\n3,2,2026-01-01,f,"Canary, ""x"""\n'
        f"4,2,2026-01-01,f,{'x' * 5000}\n",
    )
    assert report.inserted == 4, "what is not kept may be long"
    assert loads.current("eobattach", "EobAttachNum", "RawBase64") == [
        (1, 1),
        (2, 0),
        (3, 1),
        (4, 1),
    ]


def test_the_manifest_count_confirms_a_last_row_without_line_end(loads):
    report = loads.load("usergroup", GROUP + "1,a\n2,b", rows=2)
    assert (report.inserted, report.quarantined) == (2, 0)


def test_a_count_other_than_the_manifest_holds_the_file_until_released(loads):
    with pytest.raises(FileHeld) as refusal:
        loads.load("usergroup", GROUP + "1,a\n2,b\n", rows=3)
    assert refusal.value.code == "row_count"
    assert groups(loads) == []
    assert loads.all("select from ops.file") == []
    assert loads.load("usergroup", GROUP + "1,a\n2,b\n", rows=3, released=True).inserted == 2


def test_a_row_whose_references_lead_nowhere_is_kept(loads):
    assert loads.load("fee", FEE + "1,5,999,999,999,999,999,2026-01-01,\n").inserted == 1


def test_a_row_knows_its_file_and_line(loads):
    report = loads.load("usergroup", GROUP + '1,a\n\n2,"b\nc"\n3,d\n')
    found = loads.all(
        'select _line, "UserGroupNum", _file_id from raw.opendental__usergroup order by 1'
    )
    assert found == [(2, 1, report.file_id), (4, 2, report.file_id), (6, 3, report.file_id)]


def test_days_of_a_typed_column_are_dates(loads):
    loads.load("fee", FEE + "1,5,1,1,0,0,0,2026-01-31,2026-01-31 10:00:00\n")
    assert loads.current("fee", "SecDateEntry", "SecDateTEdit") == [
        (date(2026, 1, 31), datetime(2026, 1, 31, 10))
    ]
