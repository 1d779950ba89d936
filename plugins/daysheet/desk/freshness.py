"""How fresh what a page shows is: the desk's day, and the build it was read from."""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from daysheet.desk.published import Reader


@dataclass(frozen=True)
class Freshness:
    """``today`` is the day ages count to; of the build nothing before the first is published."""

    today: date
    build: int | None
    as_of: date | None
    published_at: datetime | None


def freshness(reader: Reader) -> Freshness:
    """Of what this reader reads."""
    with reader.connection.cursor(row_factory=class_row(Freshness)) as cursor:
        found = cursor.execute(
            "select desk.today() as today, build, as_of, published_at from ops.current_build"
        ).fetchone()
    assert found is not None
    return found
