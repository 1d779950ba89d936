"""What models and columns mean, said in Postgres too: as comments on the views people read.

Descriptions are no part of a version, so they are said anew whenever a view is made.
"""

import psycopg
from psycopg import sql

from daysheet.catalog import Model
from daysheet.catalog.models import explained

_OF_THE_BUILD = {
    "_loaded_at": "When the batch this build was made of was committed.",
    "_batch": "The newest batch this build knows.",
    "_transformed_at": "When these rows were made; they may be older than the build.",
}


def comment_on_view(connection: psycopg.Connection, view: sql.Identifier, model: Model) -> None:
    """Say what the view and each of its columns mean, as far as the model knows them today."""
    shown = connection.execute(sql.SQL("select * from {} limit 0").format(view)).description or ()
    said = {name: explained(model, name) for name in model.columns} | _OF_THE_BUILD
    whole = f"{model.description} One row for each {', '.join(model.grain)}."
    comments = [sql.SQL("comment on view {} is {}").format(view, sql.Literal(whole))]
    comments += [
        sql.SQL("comment on column {}.{} is {}").format(
            view, sql.Identifier(column.name), sql.Literal(said[column.name])
        )
        for column in shown
        if column.name in said
    ]
    connection.execute(sql.SQL(";\n").join(comments))
