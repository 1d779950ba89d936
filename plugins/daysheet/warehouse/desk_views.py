"""The views of the desk, made anew from ``sql/revenue_cycle`` whenever a warehouse is migrated."""

from pathlib import Path

import psycopg
from psycopg import sql

from daysheet.catalog.documents import Document, parse, read_yaml
from daysheet.settings import PROJECT

# The last reads all the others: each figure is made of the rows of one of them.
VIEWS = (
    "aging_report",
    "days_to_payment",
    "first_answers",
    "month_collections",
    "workloads",
    "dashboard_metrics",
)
READERS = ("loader", "builder", "reader", "desk", "mailer")
QUERIES = PROJECT / "sql" / "revenue_cycle"


class View(Document):
    """What ``<view>.yml`` says of a view and of each of its columns, in their order."""

    description: str
    columns: dict[str, str]


def load_view(name: str) -> View:
    """The meanings of one view."""
    path: Path = QUERIES / f"{name}.yml"
    return parse(View, path, read_yaml(path))


def sync_desk_views(connection: psycopg.Connection) -> None:
    """Create or replace the views. They read the tables as their owner, so nobody else needs to.

    A view whose columns were renamed or taken away has to be dropped by a migration first.
    """
    readers = sql.SQL(", ").join(sql.Identifier(f"daysheet_{role}") for role in READERS)
    with connection.transaction():
        connection.execute("set local role daysheet_owner")
        connection.execute("set local lock_timeout = '20s'")
        for name in VIEWS:
            query = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
            view = sql.Identifier("desk", name)
            for statement in (
                sql.SQL("create or replace view {} as {}").format(view, sql.SQL(query)),
                sql.SQL("grant select on {} to {}").format(view, readers),
                *_comments(view, load_view(name)),
            ):
                connection.execute(statement)


def _comments(view: sql.Identifier, said: View) -> list[sql.Composed]:
    return [
        sql.SQL("comment on view {} is {}").format(view, sql.Literal(said.description)),
        *(
            sql.SQL("comment on column {}.{} is {}").format(
                view, sql.Identifier(column), sql.Literal(meaning)
            )
            for column, meaning in said.columns.items()
        ),
    ]
