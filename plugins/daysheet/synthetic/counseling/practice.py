"""Writes the reports of a counseling practice, client after client, and what they add up to."""

from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.counseling.billing import Biller
from daysheet.synthetic.counseling.claims import Claim
from daysheet.synthetic.counseling.exports import Exports
from daysheet.synthetic.counseling.known import KnownDesk
from daysheet.synthetic.counseling.mishaps import (
    NOBODY,
    QUARANTINED,
    SKIPPED,
    befall,
    spoil,
    write_appointment,
)
from daysheet.synthetic.counseling.parties import clients_of
from daysheet.synthetic.counseling.reports import (
    NOTE_HEADING,
    Reports,
    appointment,
    claim_line,
    client_payment,
    dollars,
    insurer_payment,
    payment_line,
    unpaid_line,
    unsent_claim,
)
from daysheet.synthetic.counseling.standing import owed_claim, standing_of
from daysheet.synthetic.counseling.visits import Visit, visits_of
from daysheet.synthetic.draws import stream

_UNSENT_WORDS = ("Prepared", "Scrub", "Downloaded")
_EXPORTED_PAYMENTS = timedelta(days=30)


def write_counseling(folder: Path, *, patients: int, until: date, seed: int) -> dict[str, Any]:
    """Write six weeks of exports up to ``until`` into ``folder``; return what is known of them.

    About one session a dental patient, over the last half year. The same arguments give the same
    bytes; memory holds one client at a time.
    """
    exports = Exports(until)
    reports, known, biller = Reports(folder, exports), KnownDesk(until), Biller(exports)
    notes_since = next(r.exported_on for r in reports.appointments if NOTE_HEADING in r.headings)
    for client in clients_of(seed, patients):
        rng = stream(seed, "counseling", client.n)
        visits = list(visits_of(client, exports, rng))
        if not visits:
            continue
        claims = biller.claims_of(visits, rng)
        befall(visits, claims, exports)
        _write_appointments(reports, visits, exports)
        _write_claims(reports, visits, claims, exports)
        _write_payments(reports, visits, claims, exports, known)
        for visit in visits:
            standing, refused = standing_of(visit, claims, exports, notes_since)
            known.add(visit, standing)
            if refused:
                _count_refused(reports, visit, claims, exports)
    spoil(reports)
    _receive_strange_money(reports, known, exports)
    for report in reports.all():
        report.close()
    again = reports.appointments[-2].path
    copyfile(again, again.with_name(f"{again.stem} (1).csv"))
    return known.totals(reports)


def _write_appointments(reports: Reports, visits: list[Visit], exports: Exports) -> None:
    for k, report in enumerate(reports.appointments):
        shown = [visit for visit in visits if visit.is_shown(report.exported_on, exports)]
        for n, visit in enumerate(shown):
            write_appointment(report, visit, appointment(visit, report), n, k)


def _write_claims(
    reports: Reports, visits: list[Visit], claims: list[Claim], exports: Exports
) -> None:
    for report, unpaid in zip(reports.claims, reports.unpaid, strict=True):
        day = report.exported_on
        for claim in claims:
            if exports.has_claim(day, claim.sent_on):
                report.add(claim_line(claim, day))
        for n, visit in enumerate(visits):
            claim = owed_claim(visit, claims, day)
            is_prepared = visit.is_prepared and visit.is_shown(day, exports)
            if is_prepared and visit.day < day:
                report.add(unsent_claim(visit, _UNSENT_WORDS[n % 3]), SKIPPED)
            if claim or (is_prepared and visit.day < day):
                unpaid.add(unpaid_line(visit, claim, day))


def _write_payments(
    reports: Reports,
    visits: list[Visit],
    claims: list[Claim],
    exports: Exports,
    known: KnownDesk,
) -> None:
    lines = [(claim, line) for claim in claims for line in claim.lines]
    told = [one for one in lines if exports.began < one[1].on <= exports.payments[-1]]
    for claim, line in told:
        known.add_payment(claim, line)
    for k, report in enumerate(reports.payments):
        for n, (claim, line) in enumerate(lines):
            if exports.has_payment(report.exported_on, line.on):
                report.add(payment_line(claim, line))
                if k == 1 and n == 0 and claim.client.n % 8 == 1:
                    report.add(payment_line(claim, line), QUARANTINED)  # the same line again
    since = exports.until - _EXPORTED_PAYMENTS
    for claim, line in told:
        if line.amount and line.on >= since:
            reports.exported.add(insurer_payment(claim, line, reports.exported.rows))
    for visit in visits:
        if visit.copay and visit.copay_paid_on and since <= visit.copay_paid_on <= exports.until:
            reports.exported.add(client_payment(visit, reports.exported.rows))


def _count_refused(reports: Reports, visit: Visit, claims: list[Claim], exports: Exports) -> None:
    """A visit the unpaid report told of before any appointment report did."""
    for report in reports.unpaid:
        if report.exported_on < visit.first_shown and owed_claim(visit, claims, report.exported_on):
            report.spoiled[QUARANTINED] += 1


def _receive_strange_money(reports: Reports, known: KnownDesk, exports: Exports) -> None:
    """Payments for claims nobody knows, for one without a session, and a row nobody can read."""
    report = reports.payments[-1]
    on = report.exported_on - timedelta(days=2)
    payer, day = "Saltmarsh Behavioral (00731)", f"{on:%m/%d/%Y}"
    sent = f"{on - timedelta(days=30):%m/%d/%Y}"
    reports.claims[-1].add([sent, NOBODY, "Received", payer, "CR7900003", "00-900003"])
    for amount, reference, claim in (
        (75, "EFT STRAY-1", ("CR7900003", "00-900003")),
        (55, "EFT STRAY-2", ("--", "--")),
        (-40, "EFT STRAY-3", ("--", "00-900004")),
    ):
        cells = [day, NOBODY, payer, dollars(amount * DOLLAR), *claim, reference, "Paid"]
        report.add(cells)
        known.add_unapplied(reference, on, amount * DOLLAR)
    report.add([day, NOBODY, payer, "abc", "CR7900003", "--", "EFT STRAY-4", "Paid"], QUARANTINED)
