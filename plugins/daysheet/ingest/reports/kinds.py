"""The reports that are loaded, and what applies each of them to the desk."""

from collections.abc import Callable, Sequence

import psycopg

from daysheet.desk.actors import Actor
from daysheet.ingest.reports import appointments, claims, remittances, unpaid_appointments
from daysheet.ingest.reports.rows import Report, ReportRow, Verdict

Apply = Callable[[psycopg.Connection, Actor, Report, Sequence[ReportRow]], list[Verdict]]

KINDS: dict[str, Apply] = {
    "appointment_status": appointments.apply,
    "insurance_claims": claims.apply,
    "insurance_payments": remittances.apply,
    "unpaid_insurance_appointments": unpaid_appointments.apply,
}
