"""One row of a report, cell by cell: its typed values, its key, or every reason against it."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, time

import psycopg

from daysheet.catalog import Column, Contract
from daysheet.ingest.reports import cells as grammar
from daysheet.ingest.reports.cells import CellRefused, Moment
from daysheet.ingest.reports.rules import RULES, Judged, compared, row_key

_MIDNIGHT = time(0, 0)  # stands in the key for a time nobody knows


class Judge:
    """Judges the rows of one report; ``secret`` keys the hashes of clients' names."""

    def __init__(self, contract: Contract, today: date, secret: bytes) -> None:
        self._contract = contract
        self.today = today
        self._secret = secret
        self._client_keys: dict[str, bytes] = {}

    def of(self, contract: Contract) -> "Judge":
        """The judge of another report, on the same day."""
        return Judge(contract, self.today, self._secret)

    def judge(self, texts: Mapping[str, str], waived: Collection[str] = ()) -> Judged:
        """Read the cells a row has, by column; reasons in ``waived`` a person has accepted."""
        judged = Judged()
        for name, text in texts.items():
            try:
                self._read(judged, name, self._contract.columns[name], text, waived)
            except CellRefused as refusal:
                judged.cells[name] = None
                judged.unread.add(name)
                judged.refuse(refusal.code)
        RULES[self._contract.table](judged, self.today)
        judged.reasons = [reason for reason in judged.reasons if reason not in waived]
        self._identify(judged)
        return judged

    def _read(
        self, judged: Judged, name: str, column: Column, text: str, waived: Collection[str]
    ) -> None:
        found = judged.cells
        if column.type == "date":
            moment = grammar.parse_moment(text)
            found[name] = moment and moment.day
            if column.reads == "moment":
                _tell_time(judged, moment)
        elif column.reads == "units":
            found[name] = grammar.parse_units(text)
        elif column.type == "money":
            found[name] = grammar.parse_money(text)
        elif column.reads == "payer":
            found[name] = grammar.parse_payer(text)
        elif column.reads == "code":
            code = grammar.parse_code(text)
            found[name] = code and code.code
            found["modifiers"] = code.modifiers if code else ()
        else:
            found[name] = person = grammar.parse_text(text, waived)
            if column.reads == "client":
                found["client_key"] = self._client_key(person) if person else None
            elif column.reads == "clinician":
                found["clinician_key"] = grammar.fold(person) if person else None

    def _client_key(self, name: str) -> bytes:
        if name not in self._client_keys:
            self._client_keys[name] = grammar.hash_name(self._secret, name)
        return self._client_keys[name]

    def _identify(self, judged: Judged) -> None:
        parts = [judged.cells.get(name) for name in self._contract.key]
        if None not in parts and any(parts):
            judged.key = row_key(parts)
        columns = self._contract.columns
        said = (
            compared(value)
            for name, value in judged.cells.items()
            if columns[name].reads not in ("client", "clinician")  # their keys are in it
        )
        judged.content = hashlib.sha256("\x1f".join(said).encode()).digest()


def judge_of(connection: psycopg.Connection, contract: Contract) -> Judge:
    """The judge of one report as of ``desk.today()``."""
    row = connection.execute(
        "select desk.today(), value from desk.secret where name = 'client_key'"
    ).fetchone()
    assert row is not None
    return Judge(contract, *row)


def _tell_time(judged: Judged, moment: Moment | None) -> None:
    clock = moment and moment.clock
    judged.cells["service_time"] = clock or _MIDNIGHT
    judged.cells["has_time"] = clock is not None
    if moment and clock is None:
        judged.warn("time_missing")
