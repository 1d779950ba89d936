"""The generated counseling practice, dropped whole: the desk shows what its story says it must."""

import json
import shutil
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Warehouse
from tests.ingest.practice_reports import AS_OF, Practice

from daysheet.desk.actors import system
from daysheet.desk.daily import refresh
from daysheet.synthetic.counseling import write_counseling
from daysheet.warehouse import session

PATIENTS, SEED = 400, 11


class Loaded:
    """What the desk shows once everything is loaded and its day has come."""

    def __init__(self, warehouse: Warehouse, folder: Path, root: Path) -> None:
        until = date.fromisoformat(AS_OF)
        known = write_counseling(folder, patients=PATIENTS, until=until, seed=SEED)
        self.known = json.loads(json.dumps(known))
        self.warehouse, self.practice = warehouse, Practice(warehouse, root)
        for path in folder.iterdir():
            shutil.copy(path, self.practice.inbox)
        self.outcomes = self.practice.run()
        with self._desk() as connection:
            refresh(connection, system("dag", "tests"))

    def _desk(self):
        clock = self.practice.settings.clock()
        return session(self.warehouse.dsn("desk"), "tests", autocommit=True, settings=clock)

    def rows(self, query: str) -> list[tuple]:
        with self._desk() as connection:
            return connection.execute(query).fetchall()

    def metric(self, name: str) -> Any:
        ((value,),) = self.rows(f"select {name} from desk.dashboard_metrics")
        return value


@pytest.fixture(scope="module")
def loaded(shared_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder, root = (tmp_path_factory.mktemp(name) for name in ("generated", "root"))
    return Loaded(shared_warehouse, folder, root)


def test_every_file_is_loaded_but_the_one_dropped_twice_and_the_one_put_aside(loaded):
    states = Counter(outcome.state for outcome in loaded.outcomes)
    spoiled = [
        counts["quarantined"]
        for counts in loaded.known["files"].values()
        if "quarantined" in counts
    ]
    assert states == {
        "loaded": 21 - len(spoiled),
        "loaded_with_quarantine": len(spoiled),
        "duplicate": 1,
        "parked": 1,
    }


def test_each_session_has_the_status_of_its_story(loaded):
    found = loaded.rows("select billing_status, count(*) from desk.sessions group by 1")
    assert dict(found) == loaded.known["billing_status"]
    assert len(loaded.known["billing_status"]) >= 9


def test_each_bracket_holds_what_is_owed(loaded):
    found = loaded.rows(
        "select age_bracket, count(*), sum(outstanding) from desk.aging_report"
        " where in_ar group by 1"
    )
    known = {
        bracket: (told["sessions"], Decimal(told["outstanding"]))
        for bracket, told in loaded.known["aging"].items()
    }
    assert {bracket: (count, owed) for bracket, count, owed in found} == known
    assert all(count for count, _ in known.values())
    estimated = loaded.rows(
        "select count(*) from desk.aging_report where in_ar and age_basis = 'service'"
    )
    assert estimated == [(loaded.known["aged_from_service"],)]


@pytest.mark.parametrize(
    "metric",
    [
        "unbilled_sessions", "outstanding_claims_amount", "aging_over_90", "avg_days_to_payment",
        "days_to_payment_sample", "denial_rate_pct", "denial_rate_sample",
        "collections_mtd_insurance",
    ],
)  # fmt: skip
def test_each_metric_is_that_of_the_story(loaded, metric):
    known = Decimal(loaded.known[metric])
    assert loaded.metric(metric) == known
    assert known


def test_money_is_where_the_story_put_it(loaded):
    payments = loaded.rows(
        "select count(*), sum(amount), count(*) filter (where unapplied != 0), sum(unapplied)"
        " from desk.payment_balances"
    )
    known = loaded.known
    assert payments == [
        (
            known["payments"],
            Decimal(known["payments_amount"]),
            known["unapplied"]["payments"],
            Decimal(known["unapplied"]["amount"]),
        )
    ]
    credit = loaded.rows(
        "select count(*), sum(payer_credit) from desk.sessions where payer_credit > 0"
    )
    assert credit == [(known["credits"]["sessions"], Decimal(known["credits"]["amount"]))]


def test_what_was_posted_is_what_the_exports_report(loaded):
    differing = loaded.rows(
        "select count(*) from desk.sessions where ins_paid_posted != ins_paid_reported"
    )
    posted = loaded.rows("select count(*) from desk.sessions where ins_paid_posted != 0")
    assert differing == [(0,)]
    assert posted > [(20,)]


def test_rows_nobody_can_use_are_refused_and_no_others(loaded):
    found = loaded.rows(
        "select file_name, rows_read, rows_quarantined, rows_dropped, rows_skipped"
        " from ops.file where state in ('loaded', 'loaded_with_quarantine')"
    )
    assert len(found) == 21
    for name, *counts in found:
        told = loaded.known["files"][name.replace(" (1)", "")]
        spoiled = (told.get(what, 0) for what in ("quarantined", "duplicate_dropped", "skipped"))
        assert counts == [told["rows"], *spoiled], name


def test_visits_told_too_early_are_linked_once_they_are_known(loaded):
    found = loaded.rows(
        "select decision, count(*) from ops.row_verdict"
        " where 'session_not_found' = any(reasons) group by 1 order by 1"
    )
    assert found[0][0] == "retried"
    assert found[1:] == [(None, 1)]  # nobody's visit
