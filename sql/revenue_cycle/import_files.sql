-- Files that were dropped, with what became of each and of its rows.
select
    file.file_id,
    file.source,
    file.table_name,
    file.file_name,
    file.mode,
    file.exported_on,
    file.received_at,
    file.state,
    file.problem,
    file.warnings,
    file.bytes,
    file.rows_read,
    file.rows_inserted,
    file.rows_replaced,
    file.rows_unchanged,
    file.rows_stale,
    file.rows_closed,
    file.rows_dropped,
    file.rows_skipped,
    file.rows_quarantined,
    file.release_reason,
    coalesce(staff.display_code, file.released_by) as released_by,
    (
        select count(*)
        from ops.row_verdict
        where
            row_verdict.file_id = file.file_id
            and row_verdict.verdict = 'quarantined'
            and row_verdict.decision is null
    ) as undecided
from ops.file
left join desk.staff
    on file.released_by = staff.user_id
