"""Who acts: an Airflow user with a role at the desk, or a DAG or a file that plays by the rules."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import psycopg

from daysheet.desk.refusals import no_right

Source = Literal["ui", "import", "dag"]


class DeskRole(IntEnum):
    """What a person may do; each may do what the ones below may, whatever Airflow lets them."""

    VIEWER = 1
    BILLER = 2
    LEAD = 3
    ADMIN = 4


@dataclass(frozen=True)
class Actor:
    """``role`` is None for the system itself, which may do only what is listed as its own."""

    user_id: str
    role: DeskRole | None
    source: Source

    @property
    def is_system(self) -> bool:
        """Whether no person stands behind it."""
        return self.role is None

    def may(self, least: DeskRole) -> bool:
        """Whether it is a person with at least that role."""
        return self.role is not None and self.role >= least

    def needs(self, least: DeskRole, what: str) -> None:
        """Raise a 403 naming the role that is needed, unless it has it."""
        if not self.may(least):
            raise no_right(f"{what} needs the role {least.name.lower()}")


def system(source: Literal["import", "dag"], name: str) -> Actor:
    """The actor of an import or a DAG; ``name`` says which."""
    return Actor(f"system:{name}", None, source)


def staff_member(connection: psycopg.Connection, user_id: str) -> Actor:
    """The person of that Airflow user name; without an active row in desk.staff there is none.

    Raises a 403 :class:`~daysheet.desk.refusals.Refused`, whatever the Airflow role.
    """
    row = connection.execute(
        "select desk_role from desk.staff where user_id = %s and active", [user_id]
    ).fetchone()
    if row is None:
        raise no_right(
            "you have no role at the desk. An admin of it can give you one;"
            " builds and models are open"
        )
    return Actor(user_id, DeskRole[row[0].upper()], "ui")


def display_codes(connection: psycopg.Connection) -> dict[str, str]:
    """What each member of staff is called on pages and in mails, by Airflow user name."""
    return dict(connection.execute("select user_id, display_code from desk.staff").fetchall())
