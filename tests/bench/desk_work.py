"""What it takes to load long appointment reports, and to bring fifty thousand sessions to a day."""

import time
from datetime import date
from pathlib import Path

from daysheet.desk import daily
from daysheet.desk.actors import system
from daysheet.warehouse import Role, session
from tests.bench.stage import Warehouse
from tests.ingest.practice_reports import Practice, paid, visit, written
from tests.ingest.test_reports_scale import rows

ROWS = 50_000


def measure_reports(warehouse: Warehouse, folder: Path) -> dict[str, float]:
    """Seconds to load a report of 50,000 new visits, and the next one with a tenth changed."""
    practice = Practice(warehouse, folder)
    for day, make in (
        ("2026-11-13", lambda _: visit),
        ("2026-11-14", lambda at: visit if at % 10 else paid),
    ):
        text = written(*rows(make, ROWS))
        (practice.inbox / f"appointments_report_{day}.csv").write_text(text)
    first, second = (outcome.report for outcome in practice.run())
    assert first is not None
    assert second is not None
    return {"all new, s": first.seconds, "a tenth changed, s": second.seconds}


def measure_refresh(warehouse: Warehouse, until: date) -> dict[str, float]:
    """Seconds of the daily refresh on what ``fill_desk`` wrote, and of one with nothing to do."""
    settings = {"daysheet.as_of": until.isoformat()}
    taken = []
    with session(warehouse.dsn(Role.DESK), "bench", autocommit=True, settings=settings) as db:
        for _ in range(2):
            started = time.monotonic()
            daily.refresh(db, system("dag", "bench"))
            taken.append(round(time.monotonic() - started, 1))
    return {"first, s": taken[0], "again, s": taken[1]}
