"""Who hears of an alert: its owner, the leads, and admins where nobody nearer is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg

from daysheet.desk.actors import DeskRole

Route = Literal["owner", "lead", "owner_and_lead"]


@dataclass(frozen=True)
class Recipient:
    """An active member of staff with an email address who may work at the desk."""

    user_id: str
    display_code: str
    email: str
    role: DeskRole

    @property
    def sees_all(self) -> bool:
        """Whether the totals are the practice's; a biller's are of what is assigned to him."""
        return self.role >= DeskRole.LEAD


def recipients(connection: psycopg.Connection) -> list[Recipient]:
    """All who can be mailed, by display code. A viewer can act on nothing and gets nothing."""
    rows = connection.execute(
        "select user_id, display_code, email, desk_role from desk.staff"
        " where active and email is not null and desk_role != 'viewer' order by display_code"
    )
    return [Recipient(*row, DeskRole[role.upper()]) for *row, role in rows]


def hearers(
    people: Sequence[Recipient], owner: str | None, route: Route, escalation: int
) -> list[Recipient]:
    """Those of ``people`` who are to hear of an alert; none is left if nobody is in charge.

    A lead hears of what is routed to leads, of what has no owner who can be mailed, and of what
    was escalated; an admin of what was escalated twice. Without any lead admins stand in.
    """
    owners = [each for each in people if each.user_id == owner]
    admins = [each for each in people if each.role is DeskRole.ADMIN]
    leads = [each for each in people if each.role is DeskRole.LEAD] or admins
    chosen: set[str] = set()
    if route != "lead":
        chosen |= {each.user_id for each in owners}
    if route != "owner" or not owners or escalation >= 1:
        chosen |= {each.user_id for each in leads}
    if escalation >= 2:
        chosen |= {each.user_id for each in admins}
    return [each for each in people if each.user_id in chosen]
