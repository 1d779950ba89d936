"""Files broken at random: every row is accounted for, and no row goes along in another."""

import csv
import io
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.loading import Loads, dropped, scanned

from daysheet.ingest.verdicts import FileHeld, FileRejected

HEADER = (
    b"ClaimTrackingNum,ClaimNum,TrackingType,UserNum,DateTimeEntry,TrackingDefNum,"
    b"TrackingErrorDefNum,Note\n"
)
LOADED = 7  # all but the note
LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
NASTY = [
    b'"', b'""', b",", b"\n", b"\r", b"\r\n", b'"\n', b'\n"', b',"', b'",', b"\0", b"\xff", b"\\.",
    b"\n\\.\n", b"\xef\xbb\xbf", b"9", b"x", b" ", b"e", b"-", b"NaN", b"\x01", b"\t",
]  # fmt: skip

kinds = st.sampled_from(
    ["StatusHistory", "", '"a, b"', '"say ""x"""', '"two\nlines"', '"3, 4\r\n5, 6"', '""', "\\."]
)
notes = st.sampled_from(["", "plain", '"quoted, twice"', '"over\n\nlines"'])
whole = st.integers(0, 10**6)
moments = st.sampled_from(["2026-01-31 10:00:00", "0001-01-01 00:00:00", "", "2024-02-29"])


@st.composite
def files(draw) -> tuple[list[bytes], bytes]:
    """Good rows, each with a key of its own, and the file after a few bytes were damaged."""
    rows = [
        f"{key},{draw(whole)},{draw(kinds)},{draw(whole)},{draw(moments)},0,0,{draw(notes)}\n".encode()
        for key in range(101, 101 + draw(st.integers(1, 12)))
    ]
    data = bytearray(b"".join(rows))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["insert", "edge", "edge", "delete", "replace", "cut", "copy"])):
            case "insert":
                data[at:at] = draw(st.sampled_from(NASTY))
            case "edge":  # where a quote does most harm: at the start or end of a cell
                edges = [place for place, byte in enumerate(data) if byte in b",\n"] or [0]
                at = draw(st.sampled_from(edges)) + draw(st.integers(0, 1))
                data[at:at] = b'"'
            case "replace":
                data[at : at + 1] = draw(st.sampled_from(NASTY))
            case "delete":
                del data[at : at + draw(st.integers(1, 30))]
            case "cut":
                del data[at:]
            case "copy":
                data[at:at] = data[at : at + draw(st.integers(1, 80))]
    return rows, bytes(data)


def lines_of(data: bytes) -> list[bytes]:
    """Physical lines with their ends; the scan's numbers count these from 2."""
    return [match[0] for match in LINE.finditer(data) if match[0]]


def untouched(rows: list[bytes], lines: list[bytes]) -> dict[int, bytes]:
    """Where in the damaged file the good rows still stand, by index of their first line."""
    found = {}
    for row in rows:
        parts = lines_of(row)
        for at in range(len(lines) - len(parts) + 1):
            if lines[at : at + len(parts)] == parts:
                found[at] = row
    return found


def cells_of(row: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(row.decode(), newline="")))


def passed_on(output: bytes) -> tuple[dict[int, list[str]], dict[int, tuple[str, str]]]:
    """What the scan gave to COPY, by line: cells of rows, and reason and text of refusals."""
    rows, refusals = {}, {}
    csv.field_size_limit(2**31)
    for line, _, refusal, raw, *cells in csv.reader(io.StringIO(output.decode(), newline="")):
        assert int(line) not in rows.keys() | refusals.keys()
        if refusal:
            refusals[int(line)] = (refusal, raw)
        else:
            rows[int(line)] = cells
    return rows, refusals


def check_scan(folder, rows: list[bytes], data: bytes) -> None:
    scan, output = scanned(dropped(folder, "claimtracking", HEADER + data))
    good, refused = passed_on(output)
    assert scan.rows.read == len(good) + len(refused) + scan.rows.skipped
    assert scan.rows.refused == len(refused)
    lines = lines_of(data)
    assert max([0, *good, *refused]) <= len(lines) + 1

    for at, row in untouched(rows, lines).items():
        numbers = range(at + 2, at + 2 + len(lines_of(row)))
        if at + 2 in good:
            assert good[at + 2] == cells_of(row)[:LOADED]
            continue
        # Not loaded, so each of its lines stands in quarantine by itself (blank ones are no rows).
        for number in numbers:
            text = lines[number - 2].rstrip(b"\r\n").decode()
            assert not text or refused[number][1] == text, (number, text)

    for number, cells in good.items():
        # A row that is none of the good ones may be damaged, but holds no other row within.
        inside = "\n".join(cells)
        for row in rows:
            bare = row.decode().rstrip("\n")
            assert bare not in inside or bare == ",".join(cells), (number, bare)


@settings(max_examples=4000, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=files())
def test_a_damaged_file_loses_and_merges_no_row_at_the_scan(tmp_path_factory, file):
    rows, data = file
    check_scan(tmp_path_factory.getbasetemp(), rows, data)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=files(), size=st.integers(1, 64))
def test_it_does_not_matter_where_a_block_ends(tmp_path_factory, file, size):
    _, data = file
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        whole_scan, output = scanned(dropped(folder, "claimtracking", HEADER + data))
        patch.setattr("daysheet.ingest.physical.BLOCK", size)
        pieces, split = scanned(dropped(folder, "claimtracking", HEADER + data))
    assert passed_on(split) == passed_on(output)
    assert (pieces.rows.read, pieces.rows.blank) == (whole_scan.rows.read, whole_scan.rows.blank)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(noise=st.binary(max_size=200), cut=st.integers(0, 400))
def test_noise_is_refused_or_accounted_for_but_never_an_error(tmp_path_factory, noise, cut):
    data = (HEADER + b"1,2,3,4,5,6,7,8\n" * 20)[:cut] + noise
    try:
        scan, output = scanned(dropped(tmp_path_factory.getbasetemp(), "claimtracking", data))
    except (FileRejected, FileHeld):
        return
    good, refused = passed_on(output)
    assert scan.rows.read == len(good) + len(refused)


@pytest.fixture(scope="module")
def loads(shared_warehouse, tmp_path_factory):
    with Loads(shared_warehouse, tmp_path_factory.mktemp("drops")) as loads:
        yield loads


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=files(), mode=st.sampled_from(["full", "changes"]))
def test_a_damaged_file_is_accounted_for_row_by_row_in_the_warehouse(loads, file, mode):
    rows, data = file
    loads.clear()
    loads.load("claimtracking", HEADER + rows[0])
    report = loads.load("claimtracking", HEADER + data, mode=mode)
    accounted = (
        report.inserted + report.replaced + report.unchanged + report.stale + report.quarantined
    )
    assert report.read == accounted
    assert loads.one("select rows_read from ops.file order by file_id desc limit 1") == (
        report.read,
    )
    state = loads.state("claimtracking")
    assert state == loads.counted_state("claimtracking")
    kept = loads.quarantined(report.file_id)
    assert len(kept) == report.quarantined
    assert Counter(reason for found in kept.values() for reason in found) == report.reasons

    scan, output = scanned(dropped(loads.folder, "claimtracking", HEADER + data))
    _, refused = passed_on(output)
    assert (scan.rows.read, refused.keys() - kept.keys()) == (report.read, set())
    loaded = {key for (key,) in loads.current("claimtracking", "ClaimTrackingNum")}
    lines = lines_of(data)
    for at, row in untouched(rows, lines).items():
        key = int(cells_of(row)[0])
        assert key in loaded or at + 2 in kept, "a good row is loaded, or quarantined by its line"
