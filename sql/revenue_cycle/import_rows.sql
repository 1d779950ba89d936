-- Rows of reports with what became of each: codes and references only, never what a row says.
select
    row_verdict.file_id,
    row_verdict.line,
    row_verdict.verdict,
    row_verdict.reasons,
    row_verdict.warnings,
    row_verdict.decision,
    row_verdict.decided_at,
    file.table_name,
    file.received_at,
    row_verdict.payment_id,
    coalesce(sessions.session_ref, claims.claim_ref) as reference,
    coalesce(staff.display_code, row_verdict.decided_by) as decided_by
from ops.row_verdict
inner join ops.file
    on row_verdict.file_id = file.file_id
left join desk.sessions
    on row_verdict.session_id = sessions.session_id
left join desk.claims
    on row_verdict.claim_id = claims.claim_id
left join desk.staff
    on row_verdict.decided_by = staff.user_id
