"""Mails that no server took: how many people and how many matters of ops went without one."""

from dataclasses import dataclass

import psycopg

# A later mail to the same person, or of the same cause, makes up for it; who left needs none.
_UNSENT = """
    select
        count(distinct failed.staff_id) as people,
        count(distinct failed.cause) as causes
    from ops.mail as failed
    left join desk.staff as staff on failed.staff_id = staff.user_id
    where
        failed.state = 'failed'
        and coalesce(staff.active, true)
        and not exists (
            select from ops.mail as later
            where
                later.mail_id > failed.mail_id
                and later.state = 'sent'
                and (later.staff_id = failed.staff_id or later.cause = failed.cause)
        )
"""


@dataclass(frozen=True)
class Unsent:
    """``people`` are without their digest, ops were not told of ``causes``."""

    people: int
    causes: int

    def __bool__(self) -> bool:
        return bool(self.people or self.causes)


def unsent(connection: psycopg.Connection) -> Unsent:
    """What failed for good and was not made up for."""
    row = connection.execute(_UNSENT).fetchone()
    assert row is not None
    return Unsent(*row)
