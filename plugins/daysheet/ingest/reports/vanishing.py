"""Sessions the source seems to have deleted: two exports in a row should hold them and do not."""

import psycopg

from daysheet.desk.work.items import open_item
from daysheet.ingest.reports.rows import Report

COVERED_PCT = 80  # of the stored sessions an export must hold to say anything by silence

_NEWEST_TWO = """
    select file_id, exported_on::date
    from ops.file
    where source = %s and table_name = %s and state in ('loaded', 'loaded_with_quarantine')
    order by exported_on desc, file_id desc limit 2
"""
# Of each file: the range of its sessions, who should be in it, and who is.
_MISSING = """
    with brought as (
        select distinct row_verdict.file_id, sessions.session_id, sessions.service_on,
            sessions.clinician_id
        from ops.row_verdict
        inner join desk.sessions on row_verdict.session_id = sessions.session_id
        where row_verdict.file_id = any(%(files)s)
    ),

    ranges as (
        select file_id, min(service_on) as first_day, max(service_on) as last_day,
            array_agg(distinct clinician_id) as clinicians
        from brought
        group by file_id
    ),

    due as (
        select ranges.file_id, sessions.session_id, brought.session_id is not null as is_there
        from ranges
        inner join desk.sessions
            on
                sessions.service_on between ranges.first_day and ranges.last_day
                and sessions.clinician_id = any(ranges.clinicians)
                and sessions.billing_status != 'voided'
                and sessions.source_as_of is not null
        left join brought
            on ranges.file_id = brought.file_id and sessions.session_id = brought.session_id
    ),

    telling as (
        select file_id from due group by file_id
        having count(*) filter (where is_there) * 100 >= count(*) * %(covered)s
    )

    select due.session_id
    from due
    inner join telling on due.file_id = telling.file_id
    inner join desk.sessions on due.session_id = sessions.session_id
    where not due.is_there and sessions.source_as_of < %(since)s
    and not exists (
        select from ops.row_verdict
        where row_verdict.session_id = due.session_id and row_verdict.file_id = any(%(files)s)
    )
    group by due.session_id
    having count(*) = 2
"""


def find_vanished(connection: psycopg.Connection, report: Report) -> int:
    """Ask about sessions that this export and the one before it lack; how many those are.

    Each of the two must hold most of the stored sessions between its first and last day, of its
    clinicians. Nothing is voided by itself. An export older than the newest says nothing.
    """
    files = connection.execute(
        _NEWEST_TWO, [report.contract.source, report.contract.table]
    ).fetchall()
    if len(files) < 2 or files[0][0] != report.file_id:
        return 0
    missing = connection.execute(
        _MISSING,
        {"files": [file for file, _ in files], "since": files[1][1], "covered": COVERED_PCT},
    ).fetchall()
    for (session_id,) in missing:
        open_item(
            connection,
            "deleted_at_source",
            session_id=session_id,
            detail={"missing_since": files[1][1].isoformat()},
        )
    return len(missing)
