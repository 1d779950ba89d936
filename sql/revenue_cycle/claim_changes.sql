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
            'units', trim_scale(report.units),
            'total fee', round(report.total_fee, 2),
            'note', report.note_status,
            'client status', report.client_status_label,
            'client charge', round(report.client_charge, 2),
            'client uninvoiced', round(report.client_uninvoiced, 2),
            'client paid', round(report.client_paid, 2),
            'client unpaid', round(report.client_unpaid, 2),
            'insurance status', report.ins_status_label,
            'insurance charge', round(report.ins_charge, 2),
            'insurance paid', round(report.ins_paid, 2),
            'write-off', round(report.write_off, 2),
            'insurance unpaid', round(report.ins_unpaid, 2)
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
