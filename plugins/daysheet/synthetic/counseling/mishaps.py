"""What goes wrong in a practice and its exports: corrections, repetitions, unreadable rows."""

from collections.abc import Callable
from copy import copy
from datetime import date, timedelta

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.counseling.claims import Claim
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.reports import Report, Reports, dollars
from daysheet.synthetic.counseling.visits import Visit

QUARANTINED, DROPPED, SKIPPED = "quarantined", "duplicate_dropped", "skipped"
NOBODY = "Nobody Inparticular"
_ROTATION = 12  # every so many clients the same thing happens


def befall(visits: list[Visit], claims: list[Claim], exports: Exports) -> None:
    """Change what the exports tell of one client's visits; a moved one becomes two."""
    happens = _HAPPENS.get(visits[0].client.n % _ROTATION)
    if happens:
        happens(visits, claims, exports)


def _unclaimed(visits: list[Visit], first: date, last: date) -> Visit | None:
    """A visit of those days that is alone on its day and was not sent."""
    for visit in visits:
        could_be = first <= visit.day <= last and visit.charge and not visit.is_claimed
        if could_be and _is_alone(visit, visits):
            return visit
    return None


def _is_alone(visit: Visit, visits: list[Visit]) -> bool:
    return [one.day for one in visits].count(visit.day) == 1


def _is_moved(visits: list[Visit], _: list[Claim], exports: Exports) -> None:
    """Its time is corrected, which the last export shows as another visit."""
    *_, before, last = exports.appointments
    visit = _unclaimed(visits, last - timedelta(days=20), before)
    if visit:
        moved = copy(visit)
        moved.minute += 60
        moved.first_shown, visit.last_shown = last, before
        moved.insurer_paid, moved.written_off = [], []
        visits.append(moved)


def _is_entered_late(visits: list[Visit], claims: list[Claim], exports: Exports) -> None:
    """The report of unpaid visits names it two days before any appointment report does."""
    for day in exports.claims[1:]:
        for claim in claims:
            is_new = timedelta(0) <= day - claim.sent_on <= timedelta(days=9)
            if is_new and _is_alone(claim.visits[0], visits):
                claim.visits[0].first_shown = day + timedelta(days=2)
                return


def _fee_is_mended(visits: list[Visit], _: list[Claim], exports: Exports) -> None:
    *_, before, last = exports.appointments
    visit = _unclaimed(visits, last - timedelta(days=20), before)
    if visit:
        visit.first_fee, visit.fee_mended = visit.fee - 10 * DOLLAR, last


def _vanishes(visits: list[Visit], _: list[Claim], exports: Exports) -> None:
    """It was deleted at the source: two exports in a row lack it."""
    *_, seen, _, last = exports.appointments
    visit = _unclaimed(visits, last - timedelta(days=28), seen)
    if visit:
        visit.last_shown = seen


def _is_garbled(visits: list[Visit], _: list[Claim], exports: Exports) -> None:
    """One export tells it twice, with two fees."""
    export = exports.appointments[2]
    for visit in visits:
        if export - timedelta(days=14) <= visit.day <= export:
            visit.garbled_on = export
            return


_HAPPENS: dict[int, Callable[[list[Visit], list[Claim], Exports], None]] = {
    2: _is_moved,
    5: _is_entered_late,
    8: _fee_is_mended,
    9: _is_garbled,
    11: _vanishes,
}


def write_appointment(report: Report, visit: Visit, cells: list[str], n: int, k: int) -> None:
    """One visit's row in the ``k``-th appointment report, with those that say it again.

    ``n`` counts the rows of its client in the file.
    """
    if visit.garbled_on == report.exported_on:
        report.add(cells, QUARANTINED)
        other = list(cells)
        other[report.headings.index("Total Fee")] = dollars(visit.fee + 5 * DOLLAR)
        report.add(other, QUARANTINED)
        return
    report.add(cells)
    if n == 0 and k % 2 and visit.client.n % 9 == 6:
        client = visit.client.name
        # The same person all the same.
        again = client.upper().replace(" ", "  ") if k == 3 and client.isascii() else client
        report.add([cells[0], again, *cells[2:]], DROPPED)


def spoil(reports: Reports) -> None:
    """Add the rows that nobody's story explains; call it last."""
    for report in reports.appointments[2::2]:
        _spoil_appointments(report)
    claims, unpaid = reports.claims[1], reports.unpaid[1]
    day = f"{claims.exported_on - timedelta(days=3):%m/%d/%Y}"
    payer = "Ninefold Health (NF021)"
    claims.add([day, NOBODY, "Teleported", payer, "CR7900001", "--"])
    unpaid.add([day, NOBODY, "CR7900002", "--", "160.0", "0.0", "160.0", "0.0", "160.0"],
               QUARANTINED)  # fmt: skip


def _spoil_appointments(report: Report) -> None:
    day = f"{report.exported_on - timedelta(days=1):%m/%d/%Y} 08:00"
    good = dict.fromkeys(report.headings, "0.0") | {
        "Date of Service": day,
        "Client": NOBODY,
        "Clinician": "Velda Rushmantle",
        "Billing Code": "90837 ",
        "Primary Insurance": "Copperline Mutual (41188)",
        "Secondary Insurance": "",
        "Rate per Unit": "160.0 ",
        "Units": "1 ",
        "Total Fee": "160.0",
        "Client Payment Status": "NO CHARGE",
        "Insurance Payment Status": "UNBILLED",
    }
    for fault in (
        {"Date of Service": f"13/40/{report.exported_on.year} 08:00"},
        {"Date of Service": f"{report.exported_on - timedelta(days=1):%m/%d/%y} 08:00"},
        {"Total Fee": "abc"},
        {"Clinician": "   "},
        {"Client": "=HYPERLINK(1)"},
    ):
        report.add(_in_columns(good | fault, report), QUARANTINED)
    report.add(_in_columns(good, report)[:-1], QUARANTINED)  # a field is missing
    report.add([""] * len(report.headings), SKIPPED)
    total = dict.fromkeys(report.headings, "") | {"Date of Service": "Total", "Total Fee": "1.0"}
    report.add(_in_columns(total, report), SKIPPED)
    report.add(report.headings, SKIPPED)


def _in_columns(cells: dict[str, str], report: Report) -> list[str]:
    """In the order of the file; columns of one name hold the same."""
    return [cells[heading] for heading in report.headings]
