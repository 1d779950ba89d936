-- What each appointment report changed of what the one before it had said of a session.
with said as (
    select
        sessions.session_id as subject_id,
        report._file_id as file_id,
        report._line as line,
        report._batch_from as batch,
        jsonb_build_object(
            'payer', report.payer,
            'secondary payer', report.secondary_payer,
            'units', report.units,
            'total fee', report.total_fee,
            'note', report.note_status,
            'client status', report.client_status_label,
            'client charge', report.client_charge,
            'client uninvoiced', report.client_uninvoiced,
            'client paid', report.client_paid,
            'client unpaid', report.client_unpaid,
            'insurance status', report.ins_status_label,
            'insurance charge', report.ins_charge,
            'insurance paid', report.ins_paid,
            'write-off', report.write_off,
            'insurance unpaid', report.ins_unpaid
        ) as cells
    from desk.sessions
    inner join desk.clients
        on sessions.client_id = clients.client_id
    inner join desk.clinicians
        on sessions.clinician_id = clinicians.clinician_id
    inner join raw.simplepractice__appointment_status as report
        on
            sessions.service_on = report.service_on
            and coalesce(sessions.service_time, '00:00') = report.service_time
            and encode(clients.client_key, 'hex') = report.client_key
            and clinicians.clinician_key = report.clinician_key
            and sessions.billing_code = report.billing_code
            and array_to_string(sessions.modifiers, '-') = coalesce(report.modifiers, '')
),

told as (
    select
        said.*,
        lag(said.cells) over (partition by said.subject_id order by said.batch) as cells_before
    from said
)

select
    told.subject_id,
    told.file_id,
    told.line,
    changed.name,
    told.cells_before ->> changed.name as was,
    changed.now_is
from told
cross join lateral jsonb_each_text(told.cells) as changed (name, now_is)
where
    told.cells_before is not null
    and changed.now_is is distinct from (told.cells_before ->> changed.name)
