"""A long report, loaded, and loaded again with changes."""

from datetime import date, timedelta

from tests.ingest.practice_reports import Practice, paid, visit, written

ROWS = 6_000


def rows(make, count=ROWS):
    start = date(2025, 1, 1)
    for at in range(count):
        day = start + timedelta(days=at % 600)
        clock = f"{8 + at // 600 % 10:02}:{at // 6000 * 5:02}"
        yield make(at)(at=f"{day:%m/%d/%Y} {clock}", client=f"Client {at % 600} Number{at // 600}")


def test_each_row_of_a_long_report_counts_once(warehouse, tmp_path):
    practice = Practice(warehouse, tmp_path)
    (practice.inbox / "a_2026-11-13.csv").write_text(written(*rows(lambda _: visit)))
    (practice.inbox / "b_2026-11-14.csv").write_text(
        written(*rows(lambda at: visit if at % 10 else paid))
    )
    first, second = (outcome.report for outcome in practice.run())
    assert (first.read, first.inserted) == (ROWS, ROWS)
    assert (second.unchanged, second.replaced) == (ROWS * 9 // 10, ROWS // 10)
    assert practice.query(
        "select billing_status, count(*)::int from desk.sessions group by 1 order by 1"
    ) == [("completed", ROWS * 9 // 10), ("paid", ROWS // 10)]
