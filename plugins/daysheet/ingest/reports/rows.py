"""A row of a report once it can be read, and what became of it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from daysheet.catalog import Contract

VerdictName = Literal[
    "inserted",
    "updated",
    "unchanged",
    "linked",
    "posted",
    "accepted_with_warning",
    "duplicate_dropped",
    "skipped",
    "quarantined",
]


@dataclass(frozen=True)
class ReportRow:
    """One good row. Nothing of it but its line may be shown: it names a person.

    ``cells`` holds a typed value for each column of the contract the file has: ``date``,
    ``Decimal``, ``str``, :class:`~daysheet.ingest.reports.cells.Payer`; None for an empty cell;
    ``client_key`` is bytes. ``key`` tells the row from all others of its report; it is empty for
    a row that has no identity yet, which is never a duplicate.
    """

    line: int  # physical, the header is 1
    cells: dict[str, Any] = field(repr=False)
    key: bytes = field(repr=False)
    warnings: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)  # as it stands in the file


@dataclass(frozen=True)
class Verdict:
    """What became of one row: codes and keys only."""

    line: int
    verdict: VerdictName
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    session_id: Any = None
    claim_id: Any = None
    payment_id: Any = None

    @property
    def is_kept(self) -> bool:
        """Whether the row is part of what is known: in ``raw``, and applied to the desk."""
        return self.verdict not in ("skipped", "quarantined", "duplicate_dropped")


@dataclass(frozen=True)
class Report:
    """The file the rows come from. ``present`` are the keys of all its rows, refused ones too."""

    file_id: int
    contract: Contract
    exported_on: date
    today: date  # desk.today()
    columns: frozenset[str]  # of the contract, as far as the file has them
    present: frozenset[bytes] = field(default=frozenset(), repr=False)
