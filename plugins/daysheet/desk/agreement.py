"""Numbers that are computed in two ways and must be one: to the cent, or somebody is told."""

import psycopg

_OUTSTANDING = """
    select
        (select outstanding_claims_amount from desk.dashboard_metrics) as metric,
        (
            select coalesce(sum(outstanding), 0) from desk.aging_report
            where age_bracket != 'not_submitted'
        ) as aging,
        (select coalesce(sum(outstanding), 0) from desk.sessions where in_ar) as sessions
"""


class Disagreement(Exception):
    """Two of our own numbers differ; the message holds totals only."""


def check_outstanding(connection: psycopg.Connection) -> None:
    """Raise :class:`Disagreement` unless the aging report adds up to what the metric says is owed.

    And both to the sessions in accounts receivable themselves.
    """
    row = connection.execute(_OUTSTANDING).fetchone()
    assert row is not None
    metric, aging, sessions = row
    if not metric == aging == sessions:
        raise Disagreement(
            f"outstanding is {metric} by the metric, {aging} by the aging report,"
            f" {sessions} by the sessions"
        )
