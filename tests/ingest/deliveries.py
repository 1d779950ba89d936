"""A practice that drops files, and the runs that ingest them: what the drop tests share."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from daysheet.ingest.batches import commit_batch, open_batch
from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.drops import Outcome, Run, Share, bring_in, plan
from daysheet.ingest.manifest import MANIFEST
from daysheet.settings import Settings
from daysheet.warehouse import session


def groups(*rows: tuple[int, str]) -> str:
    """A ``usergroup`` CSV."""
    return "UserGroupNum,Description\n" + "".join(f"{key},{text}\n" for key, text in rows)


class Deliveries:
    """Drops of one practice into one warehouse."""

    def __init__(self, warehouse, root: Path, drops: type[DropFolder] = DropFolder) -> None:
        self.warehouse, self.root = warehouse, root
        self.settings = Settings(home=root / "home", stable_seconds=0)
        self.drops = drops(root)
        self.inbox = root / "inbox" / "opendental"
        self.inbox.mkdir(parents=True, exist_ok=True)

    def drop(self, name: str, text: str) -> Path:
        """Put a loose file into the inbox."""
        path = self.inbox / name
        path.write_text(text)
        return path

    def drop_folder(self, name: str, files: dict[str, str], **manifest) -> Path:
        """Put a folder with a manifest into the inbox; ``listed`` replaces what it lists."""
        folder = self.inbox / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
        listed = manifest.pop("listed", {file: {} for file in files})
        (folder / MANIFEST).write_text(json.dumps({"files": listed} | manifest))
        return folder

    def run(self, owner: str = "run", commit: bool = True) -> list[Outcome]:
        """One run over everything that is ready."""
        with self.begun(owner) as run:
            outcomes = [outcome for share in plan(run) for outcome in bring_in(run, share.tokens)]
            if commit:
                commit_batch(run.connection, run.batch, owner)
        return outcomes

    def planned(self, owner: str = "run") -> list[Share]:
        """What each task of a run would load."""
        with self.begun(owner) as run:
            return plan(run)

    @contextmanager
    def begun(self, owner: str) -> Iterator[Run]:
        """A run that holds the open batch."""
        with session(self.warehouse.dsn("loader"), "test run", autocommit=True) as connection:
            batch = open_batch(connection, owner)
            yield Run(connection, self.drops, self.settings, batch, owner)

    def query(self, query: str) -> list[tuple]:
        """Rows of a query, as the loader sees them."""
        with psycopg.connect(self.warehouse.dsn("loader"), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def current(self, table: str = "usergroup") -> list[tuple]:
        """Current rows of a raw table of two columns."""
        return self.query(
            f'select "UserGroupNum", "Description" from raw.opendental__{table}'
            " where _batch_to = 2147483647 order by 1"
        )

    def ledger(self) -> list[tuple]:
        """State and reason code of every file, in the order they were written down."""
        return self.query(
            "select file_name, state, split_part(problem, ':', 1) from ops.file order by file_id"
        )

    def files(self, *areas: str) -> set[str]:
        """What lies in the drop folder, without our markers and reasons."""
        return {
            str(path.relative_to(self.root))
            for area in areas or ("inbox", "archive", "rejected", "held")
            for path in (self.root / area).rglob("*")
            if not path.is_dir() and not path.name.endswith(".reason.txt")
        }


def states(outcomes: Iterable[Outcome]) -> list[str]:
    """Only the verdicts."""
    return [outcome.state for outcome in outcomes]
