"""Appeals against a denial: up to three levels, each filed, due and decided."""

from datetime import date, timedelta
from typing import Literal

import psycopg

from daysheet.desk.cases import Case
from daysheet.desk.work.items import close_items, open_item

Decision = Literal["overturned", "upheld", "partial", "withdrawn"]
LEVELS = 3
DECISION_DAYS = timedelta(days=60)  # then somebody should ask


def file_appeal(connection: psycopg.Connection, case: Case) -> None:
    """Add the appeal of that level; a decision is due on the day entered, else in 60 days."""
    facts, details = case.facts, case.details
    connection.execute(
        "insert into desk.appeals (denial_id, level, filed_on, method, due_on, by_user)"
        " values (%s, %s, %s, %s, %s, %s)",
        [
            facts.denial_id,
            details.level,
            case.on,
            details.method,
            details.due_on or case.on + DECISION_DAYS,
            case.actor.user_id,
        ],
    )
    answered = ("denial", "appeal_due")
    about = {"session_id": facts.session_id}
    close_items(connection, case.actor, outcome="appealed", kinds=answered, **about)


def decide(connection: psycopg.Connection, case: Case, decision: Decision, on: date) -> None:
    """Write the decision on the appeal that is open, if one is."""
    if case.facts.appeal_is_open:
        connection.execute(
            "update desk.appeals set decided_on = greatest(%s, filed_on), decision = %s"
            " where appeal_id = %s",
            [on, decision, case.facts.appeal_id],
        )


def lose_appeal(connection: psycopg.Connection, case: Case) -> None:
    """The denial stands: somebody goes up a level, sends a corrected claim or writes off."""
    facts = case.facts
    is_withdrawn = case.details.decision == "withdrawn"
    decide(connection, case, "withdrawn" if is_withdrawn else "upheld", case.on)
    deadline = facts.appeal_deadline
    if not is_withdrawn:
        deadline = next_deadline(case)
    helps = "appeal" if facts.appeal_level < LEVELS else "write_off"
    open_item(
        connection,
        "denial",
        session_id=facts.session_id,
        amount=facts.outstanding,
        due_on=deadline,
        detail={"category": facts.denial_category, "suggestion": helps},
    )


def next_deadline(case: Case) -> date | None:
    """Until when the next level can be filed, counted from the decision; None after the last."""
    if case.facts.appeal_level >= LEVELS:
        return None
    return case.on + timedelta(days=case.facts.appeal_days)
