"""SQL expressions as our files write them: lower case, ``::`` casts, the as-of date by name."""

import re

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

AS_OF = "9999-09-09"  # stands for the as-of date in SQL that is read, not run
_WIDTH = 90


class _Generator(Postgres.Generator):
    TRANSFORMS = {
        **Postgres.Generator.TRANSFORMS,
        exp.Cast: lambda self, cast: f"{self.sql(cast, 'this')}::{self.sql(cast, 'to')}",
        exp.NEQ: lambda self, node: self.binary(node, "!="),
    }


def worded(node: exp.Expr) -> str:
    """One expression as a reader of the SQL files knows it."""
    text = _Generator(dialect=Postgres).generate(node)
    if len(text) > _WIDTH:
        text = _Generator(dialect=Postgres, pretty=True, max_text_width=_WIDTH).generate(node)
    text = re.sub(r" AS _col_\d+", "", text)  # a name that qualifying gave
    parts = re.split(r"('(?:[^']|'')*')", text)
    parts[::2] = [part.lower().replace("filter(", "filter (") for part in parts[::2]]
    return "".join(parts).replace(f"'{AS_OF}'", "as_of")
