"""What one run says of a file it has dealt with, in its log and in XCom."""

from dataclasses import asdict, dataclass
from typing import Any

from daysheet.ingest.verdicts import FileReport


@dataclass(frozen=True)
class Outcome:
    """What became of one file: never its name, and of its content only counts."""

    file_id: int
    source: str
    table: str | None
    state: str
    code: str | None = None
    report: FileReport | None = None

    def as_json(self) -> dict[str, Any]:
        """For XCom: a file's name may hold anything, so it is left out."""
        result = {key: value for key, value in asdict(self).items() if key != "report"}
        if self.report is not None:
            result |= self.report.as_json()
            del result["name"]
        return result

    def __str__(self) -> str:
        what = f"file {self.file_id}, {self.source} {self.table or 'of no known table'}: "
        if self.report is None:
            return what + self.state + (f" ({self.code})" if self.code else "")
        rows = self.report
        found = [f"{reason}: {count} rows" for reason, count in rows.reasons.items()]
        return (
            f"{what}{self.state} in batch {rows.batch}; {rows.read} rows = {rows.inserted} inserted"
            f" + {rows.replaced} replaced + {rows.unchanged} unchanged + {rows.stale} stale"
            f" + {rows.quarantined} quarantined + {rows.skipped} skipped"
            f"{f' + {rows.dropped} dropped' if rows.dropped else ''};"
            f" {rows.closed} closed; {rows.seconds:.1f} s"
            + "".join(f"\n  {line}" for line in (*found, *rows.warnings))
        )

    @property
    def is_clean(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.state in ("loaded", "duplicate", "parked")
