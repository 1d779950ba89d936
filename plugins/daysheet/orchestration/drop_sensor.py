"""Waiting for drops: a deferred task costs no slot, no run and no log line while nothing comes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from airflow.sdk import BaseSensorOperator, Context, ObjectStoragePath
from airflow.triggers.base import BaseTrigger, TriggerEvent

from daysheet.ingest.batches import unfinished_batch
from daysheet.ingest.drop_folder import DropFolder
from daysheet.ingest.inbox import Inbox
from daysheet.ingest.recognition import tables_by_source
from daysheet.orchestration.connections import dsn
from daysheet.settings import get_settings
from daysheet.warehouse import Role, session


class DropFolderFault(Exception):
    """The drop folder, or the disk for our copies, could not be used; trying again may help."""


@contextmanager
def without_file_names() -> Iterator[None]:
    """Say of an error of the file system what, but not on which file: names may hold anything."""
    try:
        yield
    except OSError as error:
        raise DropFolderFault(os.strerror(error.errno or 0)) from None


def drop_folder() -> DropFolder:
    """The drop folder of the settings: a local folder, or whatever Airflow can reach by URL."""
    settings = get_settings()
    location = urlparse(settings.drops)
    if location.scheme in ("", "file"):
        return DropFolder(Path(unquote(location.path)))
    return DropFolder(ObjectStoragePath(settings.drops, conn_id=settings.drops_conn_id))


def is_anything_ready() -> bool:
    """Whether a look at the inbox finds work."""
    with without_file_names():
        return bool(Inbox(drop_folder(), get_settings(), time.time()).ready())


class DropTrigger(BaseTrigger):
    """Fires once, when the inbox holds something ready."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """It has no arguments: the triggerer reads the same settings as everybody."""
        return "daysheet.orchestration.drop_sensor.DropTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every ``poll_seconds``, in a thread, so that no other trigger waits for a disk."""
        while not await asyncio.to_thread(is_anything_ready):
            await asyncio.sleep(get_settings().poll_seconds)
        yield TriggerEvent(None)


class DropSensor(BaseSensorOperator):
    """Wait until there is something to ingest, also what an interrupted run left uncommitted."""

    def execute(self, context: Context) -> None:
        """Go on at once, or defer to :class:`DropTrigger`."""
        with without_file_names():
            drop_folder().prepare(tables_by_source())
        with session(dsn(Role.LOADER), "daysheet ingest", autocommit=True) as connection:
            left = unfinished_batch(connection)
        if left is None and not is_anything_ready():
            self.defer(trigger=DropTrigger(), method_name="found")

    def found(self, context: Context, event: Any = None) -> None:
        """The trigger fired; the next task looks for itself."""
