"""Database errors without the data: Postgres puts row values into its messages, we do not."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# serialization, deadlock, lock not available, shutdown, connection lost, disk full
_RETRYABLE = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53100", "53200"}
# a byte, an escape in JSON, that stands for no character a text may hold
_NO_CHARACTER = {"22021", "22P05"}


class DatabaseFault(Exception):
    """A statement failed. Carries names and codes only, never values, so it may be logged."""

    def __init__(self, error: psycopg.Error) -> None:
        diag = error.diag
        self.sqlstate = error.sqlstate or "08006"
        self.constraint = diag.constraint_name
        parts = {
            "table": diag.table_name,
            "column": diag.column_name,
            "constraint": diag.constraint_name,
            "at character": diag.statement_position,
        }
        named = ", ".join(f"{key} {value}" for key, value in parts.items() if value)
        super().__init__(
            f"{type(error).__name__} (SQLSTATE {self.sqlstate}){named and ': '}{named}"
        )

    @property
    def is_retryable(self) -> bool:
        """Whether the same work may succeed when it is tried again."""
        return self.sqlstate in _RETRYABLE or self.sqlstate.startswith("08")


class NotText(DatabaseFault):
    """What was given as text holds a NUL character, which Postgres keeps in no text."""


@contextmanager
def without_values() -> Iterator[None]:
    """Turn driver errors into :class:`DatabaseFault`, dropping the original and its text."""
    try:
        yield
    except psycopg.Error as error:
        raise (NotText if _is_about_nul(error) else DatabaseFault)(error) from None


def _is_about_nul(error: psycopg.Error) -> bool:
    # the driver refuses it in a text by words alone, the server in JSON and in bytes by a code
    by_driver = isinstance(error, psycopg.DataError) and error.sqlstate is None
    return error.sqlstate in _NO_CHARACTER or (by_driver and "NUL" in str(error))
