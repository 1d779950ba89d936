"""Our references of claims: which there can be, and what of the desk each one names."""

import re
from uuid import UUID

import psycopg

from daysheet.desk.refusals import Refused

_REFERENCE = re.compile(r"(RS|RC|DC)-[A-HJKMNP-Z2-9]{7}")


def check_reference(reference: str) -> None:
    """Raise the one 404 for what can name nothing."""
    if not _REFERENCE.fullmatch(reference):
        raise unknown_claim()


def unknown_claim() -> Refused:
    """Whatever is no reference of ours, and whatever it could say: one answer."""
    return Refused(404, "unknown_claim", "there is no such claim")


def subjects_of(connection: psycopg.Connection, reference: str) -> dict[str, dict[str, UUID]]:
    """By our reference, each session or dental claim that ``reference`` names.

    As the desk's functions take them: ``{"session_id": ...}`` or ``{"dental_claim_id": ...}``.
    Raises a 404 for the unknown; a claim of no known session names nothing to work on.
    """
    check_reference(reference)
    found = connection.execute(
        """
        select session_ref, 'session_id', session_id
        from desk.sessions
        where session_ref = %(reference)s
        or claim_id = (select claim_id from desk.claims where claim_ref = %(reference)s)
        union all
        select claim_ref, 'dental_claim_id', dental_claim_id
        from desk.dental_claims
        where claim_ref = %(reference)s
        """,
        {"reference": reference},
    ).fetchall()
    if not found:
        raise unknown_claim()
    return {name: {key: subject_id} for name, key, subject_id in found}
