"""Generates a whole practice: streams circle after circle, and keeps the known answer."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from daysheet.synthetic.adjustments import adjust_visit
from daysheet.synthetic.amounts import exact
from daysheet.synthetic.audit import log
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.claims import bill, estimate_plans
from daysheet.synthetic.coverage import insure
from daysheet.synthetic.draws import stream
from daysheet.synthetic.families import circles, write_patients
from daysheet.synthetic.files import Drop
from daysheet.synthetic.ledger import PARTS, PENDING, Account
from daysheet.synthetic.office import Office, open_office
from daysheet.synthetic.payers import write_payers
from daysheet.synthetic.payplans import finance, track_insurance
from daysheet.synthetic.people import Circle
from daysheet.synthetic.receipts import receive
from daysheet.synthetic.records import join_club, keep_records
from daysheet.synthetic.strays import write_strays
from daysheet.synthetic.transfers import move_money
from daysheet.synthetic.visits import visits

SOURCE = "opendental"


class FolderInUse(Exception):
    """The output folder already holds a drop."""


@dataclass(frozen=True)
class Summary:
    """What was written."""

    folder: Path
    rows: dict[str, int]
    balance: int  # ten-thousandths of a dollar


class _KnownAnswer:
    """Totals over all accounts, and one line per account written as it is known."""

    def __init__(self, path: Path) -> None:
        self.sums: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self._stream = path.open("w", encoding="utf-8")
        names = ["patient_id", "guarantor_id", "balance", *PARTS, *PENDING, "ledger_rows"]
        self._stream.write(",".join(names) + "\n")

    def add(self, patient: int, guarantor: int | None, account: Account) -> None:
        kind = "family" if guarantor else "orphan"
        self.counts[f"{kind} patients"] += 1
        self.counts[f"{kind} rows"] += account.rows
        self.sums[f"{kind} balance"] += account.balance
        for part in (*PARTS, *PENDING):
            self.sums[f"{kind} {part}"] += account.sums[part]
        amounts = [exact(account.sums[part]) for part in (*PARTS, *PENDING)]
        cells = [str(patient), str(guarantor or ""), exact(account.balance), *amounts]
        self._stream.write(",".join([*cells, str(account.rows)]) + "\n")

    def close(self) -> None:
        self._stream.close()


def generate(
    out: Path,
    patients: int,
    years: int,
    until: date,
    seed: int,
    progress: Callable[[int], None] = lambda made: None,
) -> Summary:
    """Write ``out/opendental`` (CSV drop) and the known answer beside it.

    The same arguments give the same bytes. Memory holds one circle of families at a time.
    ``known_totals.json`` and ``known_balances.csv`` hold what the files add up to by the ledger
    arithmetic of payment plan version 2 as of ``until``; their parts add up to the balance, so
    payments are negative. Patients who do not exist have no guarantor there.
    """
    folder = out / SOURCE
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse(f"{folder} is not empty; name another folder, or remove it first")
    drop = Drop(folder)
    start = until - timedelta(days=round(365.25 * years))
    office = open_office(drop, seed, start, until, patients)
    payers = write_payers(office, patients)
    desk = Desk(office)
    known = _KnownAnswer(out / "known_balances.csv")
    made = 0
    for circle in circles(office, payers, patients):
        insure(office, payers, circle)
        _live(office, desk, circle)
        for person in circle.people:
            known.add(person.key, person.guarantor.key, person.account)
        made += len(circle.people)
        progress(made)
    for missing, account in write_strays(office, patients):
        known.add(missing, None, account)
    _log_on(office)
    desk.close()
    known.close()
    drop.close(datetime.combine(until, time(23, 59, 59)))
    summary = Summary(
        folder,
        {name: table.rows for name, table in drop.tables.items()},
        known.sums["family balance"],
    )
    arguments = {"patients": patients, "years": years, "until": str(until), "seed": seed}
    _write_totals(out / "known_totals.json", arguments, summary, known, office)
    return summary


def _live(office: Office, desk: Desk, circle: Circle) -> None:
    """One circle's years, and its patient rows."""
    if circle.oddity == "insurance plan":
        track_insurance(office, circle.head)
    for person in circle.people:
        join_club(office, person)
        for visit in visits(office, circle, person):
            adjust_visit(office, circle, visit)
            bill(office, desk, circle, visit)
        estimate_plans(office, circle, person)
    links = finance(office, desk, circle)
    for family in circle.families:
        receive(office, desk, family, circle.rng)
    move_money(office, desk, circle)
    keep_records(office, circle)
    for settle in links:
        settle()
    write_patients(office, circle)


def _log_on(office: Office) -> None:
    """Every user logs on every working day."""
    rng = stream(office.seed, "log on")
    day = office.start
    while day <= office.until:
        if day.weekday() < 5:
            for _ in office.users[:4]:
                log(office, rng, "logged on", day)
        day += timedelta(days=1)


def _write_totals(
    path: Path, arguments: dict, summary: Summary, known: _KnownAnswer, office: Office
) -> None:
    def ledger(kind: str) -> dict:
        sums = {name: known.sums[f"{kind} {name}"] for name in ("balance", *PARTS, *PENDING)}
        counts = {name: known.counts[f"{kind} {name}"] for name in ("patients", "rows")}
        return counts | {name: exact(amount) for name, amount in sums.items()}

    totals = {
        "arguments": arguments,
        "payplans_version": 2,
        "rows": summary.rows,
        "ledger": ledger("family"),
        "orphans": ledger("orphan"),
        "not_in_any_balance": {name: exact(amount) for name, amount in office.extras.items()},
    }
    path.write_text(json.dumps(totals, indent=1) + "\n")
