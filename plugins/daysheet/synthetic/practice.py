"""Generates a whole practice: streams circle after circle, and keeps the known answer."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from daysheet.synthetic.adjustments import adjust_visit
from daysheet.synthetic.aging import HISTORIC, RUNNING, Aged, age
from daysheet.synthetic.amounts import exact
from daysheet.synthetic.audit import log
from daysheet.synthetic.bookings import keep_history
from daysheet.synthetic.checks import Desk
from daysheet.synthetic.claims import bill, estimate_plans
from daysheet.synthetic.clock import months_later
from daysheet.synthetic.collecting import collect
from daysheet.synthetic.contacts import correspond
from daysheet.synthetic.counseling import write_counseling, write_desk_file
from daysheet.synthetic.coverage import insure
from daysheet.synthetic.draws import stream
from daysheet.synthetic.families import accounts_by_guarantor, circles, write_patients
from daysheet.synthetic.files import Drop
from daysheet.synthetic.forgotten import Forgotten
from daysheet.synthetic.known import KnownAnswer
from daysheet.synthetic.lists import write_lists
from daysheet.synthetic.office import Office, open_office
from daysheet.synthetic.payers import write_payers
from daysheet.synthetic.payplans import finance, track_insurance
from daysheet.synthetic.people import Circle
from daysheet.synthetic.receipts import receive
from daysheet.synthetic.records import join_club, keep_records
from daysheet.synthetic.reminders import remind
from daysheet.synthetic.schedules import write_schedules
from daysheet.synthetic.strays import write_strays
from daysheet.synthetic.tasks import assign, write_chores
from daysheet.synthetic.transfers import move_money
from daysheet.synthetic.treatment_plans import keep_plans
from daysheet.synthetic.visits import visits

SOURCE, LISTS, REPORTS = "opendental", "practice", "simplepractice"


class FolderInUse(Exception):
    """The output folder already holds a drop."""


@dataclass(frozen=True)
class Summary:
    """What was written."""

    folder: Path
    rows: dict[str, int]
    balance: int  # ten-thousandths of a dollar
    sessions: int  # of the counseling practice


def generate(
    out: Path,
    *,
    patients: int,
    years: int,
    until: date,
    seed: int,
    payplans_version: int = 2,
    offsetting: bool = True,
    progress: Callable[[int], None] = lambda made: None,
) -> Summary:
    """Write ``out/opendental`` (CSV drop) and the known answer beside it.

    The same arguments give the same bytes. Memory holds one circle of families at a time.
    ``known_totals.json`` and ``known_balances.csv`` hold what the files add up to by the vendor's
    ledger arithmetic (payment plans by ``payplans_version``, as of ``until``), in the columns of
    ``int_ar_analysis_base``. Patients who do not exist but own rows have no guarantor there.
    ``known_aging.csv`` has each family's aged figures on ``until`` and looking back from it, in
    the columns of ``int_ar_aging_snapshot``; ``offsetting`` is the preference AgingProcLifo.
    ``practice`` beside the drop holds the lists the practice keeps itself, ``simplepractice`` the
    weekly reports of a counseling practice in the same house, ``desk.yml`` who works for both.
    """
    folder = out / SOURCE
    for one in (folder, out / LISTS, out / REPORTS):
        if one.exists() and any(one.iterdir()):
            raise FolderInUse(f"{one} is not empty; name another folder, or remove it first")
    drop, known = Drop(folder), KnownAnswer(out)
    start = until - timedelta(days=round(365.25 * years))
    office = open_office(
        drop,
        seed=seed,
        start=start,
        until=until,
        patients=patients,
        payplans_version=payplans_version,
        offsetting=offsetting,
    )
    payers = write_payers(office, patients)
    desk, forgotten = Desk(office), Forgotten(office)
    made = 0
    for circle in circles(office, payers, patients):
        insure(payers, circle)
        _live(desk, forgotten, circle)
        _balance(known, circle)
        for person in circle.people:
            known.add(person.key, person.guarantor.key, person.account)
        made += len(circle.people)
        progress(made)
    for missing, account in write_strays(office, patients):
        known.add(missing, None, account)
    _log_on(office)
    write_schedules(office)
    write_chores(office)
    desk.close()
    forgotten.write()
    exported_on = datetime.combine(until, time(23, 59, 59))
    drop.close(exported_on)
    lists = Drop(out / LISTS, LISTS)
    write_lists(lists, office)
    lists.close(exported_on)
    sessions = write_counseling(out / REPORTS, patients=patients, until=until, seed=seed)
    write_desk_file(out / "desk.yml", until=until, patients=patients)
    rows = {table: sheet.rows for table, sheet in drop.tables.items()}
    summary = Summary(folder, rows, known.balance, sessions["sessions"])
    known.close(
        patients=patients,
        years=years,
        until=str(until),
        seed=seed,
        payplans_version=payplans_version,
        offsetting=offsetting,
        rows=rows,
        counts=_by_area(office.counts),
        counseling=sessions,
        not_in_any_balance={name: exact(amount) for name, amount in office.extras.items()},
    )
    return summary


def _live(desk: Desk, forgotten: Forgotten, circle: Circle) -> None:
    """One circle's years, and its patient rows."""
    if circle.oddity == "insurance plan":
        track_insurance(circle.head)
    for person in circle.people:
        join_club(person)
        for visit in visits(circle, person):
            adjust_visit(circle, visit)
            bill(desk, circle, visit)
        estimate_plans(circle, person)
    links = finance(desk, circle)
    for family in circle.families:
        receive(desk, family, circle.rng)
    move_money(desk, circle)
    forgotten.leave(circle)  # once all money is drawn, before statements say what is owed
    keep_records(circle)
    for settle in links:
        settle()
    keep_history(circle)
    keep_plans(circle)
    remind(circle)
    correspond(circle)
    collect(circle)
    assign(circle)


def _balance(known: KnownAnswer, circle: Circle) -> None:
    """Age the circle's families, and write their patients with what the caches hold."""
    office = circle.head.office
    cached: dict[int, Aged] = {}
    for guarantor, accounts in accounts_by_guarantor(circle).items():
        aged = cached[guarantor] = age(accounts, office.until, offsetting=office.offsetting)
        stale = circle.oddity == "stale cache"
        if stale:
            earlier = office.until - timedelta(days=40)
            cached[guarantor] = age(accounts, earlier, offsetting=office.offsetting)
        stale = stale and cached[guarantor] != aged
        known.add_family(guarantor, office.until, RUNNING, aged, stale=stale)
        for day in _looking_back(office):
            past = age(accounts, day, mode=HISTORIC, offsetting=office.offsetting)
            known.add_family(guarantor, day, HISTORIC, past)
    write_patients(circle, cached)


def _looking_back(office: Office) -> list[date]:
    """The ends of last month, of the twelfth and of the twenty-fourth before."""
    firsts = (months_later(office.until.replace(day=1), -back) for back in (0, 11, 23))
    return [first - timedelta(days=1) for first in firsts]


def _by_area(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Known numbers, sorted, so that the same practice always reads the same."""
    areas: dict[str, dict[str, int]] = {}
    for (area, label), number in sorted(counts.items()):
        areas.setdefault(area, {})[label] = number
    return areas


def _log_on(office: Office) -> None:
    """Every user logs on every working day."""
    rng = stream(office.seed, "log on")
    day = office.start
    while day <= office.until:
        if day.weekday() < 5:
            for _ in office.users[:4]:
                log(office, rng, "logged on", day)
        day += timedelta(days=1)
