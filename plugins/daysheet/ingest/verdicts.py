"""What ingest says of a file: what was dropped, how loading ended, and the two ways to refuse."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

Unapplied = Literal["duplicate", "held", "parked", "rejected"]


class NotApplied(Exception):
    """Nothing of the file was applied. ``problem`` holds names and counts only: log it freely."""

    state: Unapplied  # of the file in the ledger

    def __init__(self, code: str, problem: str) -> None:
        self.code = code
        self.problem = problem
        super().__init__(code, problem)

    def __str__(self) -> str:
        return f"{self.code}: {self.problem}"


class FileRejected(NotApplied):
    """The bytes cannot be read as a CSV of this table, now or later: export it again."""

    state = "rejected"


class FileHeld(NotApplied):
    """The file can be read, but a person must look first: ``daysheet release`` or a new export."""

    state = "held"


class FileParked(NotApplied):
    """A report that is known and not loaded: it goes to the archive as it is."""

    state = "parked"


@dataclass(frozen=True)
class DroppedFile:
    """One file of a drop, already copied to ``path`` (ours alone) and hashed."""

    source: str
    table: str
    name: str  # as dropped; ends in .gz when the bytes are gzip
    path: Path
    sha256: str  # hex, of the bytes at ``path`` (packed, for .gz)
    bytes: int
    mode: Literal["full", "changes"]
    exported_on: datetime  # practice-local without zone, like the vendor's own times
    expected_rows: int | None = None  # the manifest's count of data rows


@dataclass(frozen=True)
class FileReport:
    """What became of the rows of one applied file: counts, reason codes, column names."""

    file_id: int
    source: str
    table: str
    name: str
    mode: str
    batch: int
    read: int
    inserted: int
    replaced: int
    unchanged: int
    stale: int
    quarantined: int
    skipped: int  # left out by the contract's row filter, or no rows of the report at all
    closed: int  # rows a full file no longer held; not rows of the file
    dropped: int = 0  # rows of a report that repeat another row of the file
    reasons: dict[str, int] = field(default_factory=dict)  # code[:column] -> rows it was found on
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def state(self) -> str:
        """The file's state in ``ops.file``."""
        return "loaded_with_quarantine" if self.quarantined else "loaded"

    @property
    def changed(self) -> int:
        """Versions begun or ended: 0 means the table's content is as it was."""
        return self.inserted + self.replaced + self.closed

    def as_json(self) -> dict[str, Any]:
        """The report for XCom and ``--json``."""
        return asdict(self) | {"state": self.state, "warnings": list(self.warnings)}
