"""How fresh what a page shows is: the desk's day, the newest report, the build it was read from."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from daysheet.desk.published import Reader

STALE_AFTER_DAYS = 8


@dataclass(frozen=True)
class Freshness:
    """``today`` is the day ages count to; of the build nothing before the first is published.

    ``reported_on`` is when the newest appointment status report came; None before the first.
    """

    today: date
    reported_on: date | None
    build: int | None
    as_of: date | None
    published_at: datetime | None

    @property
    def is_stale(self) -> bool:
        """Whether a newer report is overdue."""
        return (
            self.reported_on is not None and (self.today - self.reported_on).days > STALE_AFTER_DAYS
        )


def freshness(reader: Reader) -> Freshness:
    """Of what this reader reads."""
    with reader.connection.cursor(row_factory=class_row(Freshness)) as cursor:
        found = cursor.execute(
            """
            select
                desk.today() as today,
                (
                    select max(desk.practice_day(received_at))
                    from ops.file
                    where
                        source = 'simplepractice' and table_name = 'appointment_status'
                        and state in ('loaded', 'loaded_with_quarantine', 'duplicate')
                ) as reported_on,
                build,
                as_of,
                published_at
            from ops.current_build
            """
        ).fetchone()
    assert found is not None
    return found
