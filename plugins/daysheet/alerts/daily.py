"""Alerts of a day and the mail about them, in one transaction: neither is without the other."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import psycopg

from daysheet.alerts.digests import Queued, preview, queue_digests
from daysheet.alerts.evaluation import Evaluated, evaluate
from daysheet.desk.actors import system
from daysheet.desk.published import published

_ACTOR = system("dag", "alerts")
Mail = Literal["never", "if_due", "now"]


@dataclass(frozen=True)
class Outcome:
    """What became of alerts, and the digests written or, in a preview, those there would be."""

    evaluated: Evaluated
    digests: tuple[Queued, ...] = ()


def run(
    connection: psycopg.Connection,
    *,
    ui_url: str,
    domains: Collection[str],
    mail: Mail,
    is_preview: bool = False,
) -> Outcome:
    """Evaluate the rules for ``desk.today()`` and queue the digests of it.

    ``mail`` is ``now`` to write them whatever the hour, ``if_due`` on business days from eight
    o'clock on. A preview does all of it and keeps nothing.
    """
    with published(connection, is_writing=True) as reader:
        evaluated = evaluate(reader, _ACTOR)
        digests: list[Queued] = []
        if mail != "never" and not evaluated.is_past:
            digest = preview if is_preview else queue_digests
            digests = digest(reader, ui_url=ui_url, domains=domains, is_forced=mail == "now")
        outcome = Outcome(evaluated, tuple(digests))
        if is_preview:
            raise psycopg.Rollback
    return outcome
