"""Who a report's rows name: clients, clinicians and payers, found or added in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from daysheet.desk.work.items import open_item
from daysheet.ingest.reports.cells import Payer


@dataclass(frozen=True)
class KnownPayer:
    """The desk's payer for one spelling in a file, and what should be said of that."""

    payer_id: UUID
    warnings: tuple[str, ...] = ()


def find_clients(connection: psycopg.Connection, keys: Iterable[bytes]) -> dict[bytes, UUID]:
    """The clients there are, by the keyed hash of their name; none is added."""
    return dict(
        connection.execute(
            "select client_key, client_id from desk.clients where client_key = any(%s)",
            [list(set(keys))],
        ).fetchall()
    )


def ensure_clients(connection: psycopg.Connection, names: Mapping[bytes, str]) -> dict[bytes, UUID]:
    """The clients of these keys; those not known yet are added by the name that is given."""
    found = find_clients(connection, names)
    new = {key: name for key, name in names.items() if key not in found}
    if new:
        connection.execute(
            "insert into desk.clients (client_key, full_name, initials)"
            " select * from unnest(%s::bytea[], %s::text[], %s::text[])"
            " on conflict (client_key) do nothing",
            [list(new), list(new.values()), [_initials(name) for name in new.values()]],
        )
        found |= find_clients(connection, new)
    return found


def ensure_clinicians(connection: psycopg.Connection, names: Mapping[str, str]) -> dict[str, UUID]:
    """The clinicians of these keys (names without case), added where they are new."""
    connection.execute(
        "insert into desk.clinicians (clinician_key, name)"
        " select * from unnest(%s::text[], %s::text[]) on conflict (clinician_key) do nothing",
        [list(names), list(names.values())],
    )
    return dict(
        connection.execute(
            "select clinician_key, clinician_id from desk.clinicians where clinician_key = any(%s)",
            [list(names)],
        ).fetchall()
    )


def ensure_payers(
    connection: psycopg.Connection, payers: Iterable[Payer]
) -> dict[Payer, KnownPayer]:
    """The payers these spellings mean, added where they are new.

    An id says it alone, and a new spelling becomes an alias. Without an id an exact alias decides,
    else a payer is added for review; so is one whose name is known under another id.
    """
    book = _Book(connection)
    wanted = sorted(set(payers), key=lambda one: (one.external_id is None, str(one)))
    return {payer: book.find(payer) for payer in wanted}


@dataclass
class _Book:
    """All payers by id and by alias, kept as the database is."""

    connection: psycopg.Connection
    by_id: dict[str, UUID] = field(default_factory=dict)
    by_alias: dict[str, list[UUID]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = dict(
            self.connection.execute(
                "select external_id, payer_id from desk.payers where external_id is not null"
            ).fetchall()
        )
        for alias, payer_id in self.connection.execute(
            "select alias_norm, payer_id from desk.payer_aliases inner join desk.payers"
            " using (payer_id) order by needs_review, not active, payers.created_at, payer_id"
        ):
            self.by_alias.setdefault(alias, []).append(payer_id)

    def find(self, payer: Payer) -> KnownPayer:
        namesakes = self.by_alias.get(payer.alias, [])
        if payer.external_id is None:
            payer_id = namesakes[0] if namesakes else self._add(payer, "payer_id_missing")
            return KnownPayer(payer_id, ("payer_id_missing",))
        if known := self.by_id.get(payer.external_id):
            self._know_as(payer, known)
            return KnownPayer(known)
        if namesakes:
            return KnownPayer(
                self._add(payer, "payer_name_id_mismatch"), ("payer_name_id_mismatch",)
            )
        return KnownPayer(self._add(payer, None))

    def _add(self, payer: Payer, doubt: str | None) -> UUID:
        row = self.connection.execute(
            "insert into desk.payers (external_id, name, needs_review) values (%s, %s, %s)"
            " on conflict (external_id) do update set name = payers.name returning payer_id",
            [payer.external_id, payer.name, doubt is not None],
        ).fetchone()
        assert row is not None
        if payer.external_id:
            self.by_id[payer.external_id] = row[0]
        self._know_as(payer, row[0])
        if doubt:
            open_item(self.connection, "payer_review", payer_id=row[0], detail={"reason": doubt})
        return row[0]

    def _know_as(self, payer: Payer, payer_id: UUID) -> None:
        namesakes = self.by_alias.setdefault(payer.alias, [])
        if payer_id not in namesakes:
            namesakes.append(payer_id)
            self.connection.execute(
                "insert into desk.payer_aliases (alias_norm, payer_id) values (%s, %s)"
                " on conflict do nothing",
                [payer.alias, payer_id],
            )


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return "".join(word[0].upper() for word in (words[0], *words[1:][-1:]))
