"""Canary words in SimplePractice reports: on rows that load and on rows that are refused."""

import csv
from pathlib import Path

from tests.embedded.canaries import FILE_NAME, Words

# The place of each cell that names a person, or what would lead to one; and a cell to break.
_APPOINTMENTS = "appointment-status-report", {"Client": 1, "Clinician": 2}, 0
_PAYMENTS = (
    "insurance_payment_reports_report",
    {"Client": 1, "Clearinghouse Reference": 4, "Payer Claim": 5, "Payment Reference": 6},
    3,
)


class ReportCanaries:
    """Reports in ``folder`` get a row of words that loads and one whose broken cell is a word."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.words = words
        self.loaded: set[str] = set()
        self.refused: set[str] = set()
        for prefix, places, broken in (_APPOINTMENTS, _PAYMENTS):
            path = max(folder.glob(f"simplepractice/{prefix}_2*.csv"))
            with path.open(newline="") as file:
                rows = list(csv.reader(file))
            like = next(one for one in rows[1:] if one[0] and one[1] and one[0] != "Total")
            for is_kept in (True, False):
                rows.append(self._row(like, places, None if is_kept else broken))
            with path.open("w", newline="") as file:
                csv.writer(file).writerows(rows)
            path.rename(path.with_stem(f"{path.stem}_{words.new(FILE_NAME)}"))

    def _row(self, like: list[str], places: dict[str, int], broken: int | None) -> list[str]:
        cells, known = list(like), self.loaded if broken is None else self.refused
        for name, place in places.items():
            cells[place] = self.words.new(f"report.{name}")
            known.add(cells[place])
        if broken is not None:
            cells[broken] = self.words.new("report, broken cell")
            known.add(cells[broken])
        return cells
