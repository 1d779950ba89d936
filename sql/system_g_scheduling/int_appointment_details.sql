-- A deleted appointment is only in its history: the entry of the deletion stands in for it.
with entries as (
    select
        *,
        apt_date_time::date != lag(apt_date_time::date) over history as is_moved,
        hist_appt_action = 4 and lead(hist_appt_id) over history is null as is_deletion,
        row_number() over history as place
    from {{ source('opendental', 'histappointment') }}
    where appointment_id is not null
    window history as (partition by appointment_id order by hist_date_t_stamp, hist_appt_id)
),

histories as (
    select
        appointment_id,
        count(*) filter (where is_moved) as reschedule_count,
        bool_or(is_deletion) as is_deleted,
        max(hist_date_t_stamp) filter (where is_deletion) as deleted_at,
        max(hist_user_id) filter (where is_deletion) as deleted_by_user_id,
        (array_agg(hist_appt_action order by place desc) filter (
            where hist_appt_action in (2, 3)
        ))[1] as broken_action
    from entries
    group by appointment_id
),

deleted_appointments as (
    select entries.*
    from entries
    left join {{ source('opendental', 'appointment') }} as appointments
        on entries.appointment_id = appointments.appointment_id
    where entries.is_deletion and appointments.appointment_id is null
),

bookings as (
    {% for relation in [source('opendental', 'appointment'), 'deleted_appointments'] %}
        select
            appointment_id,
            patient_id,
            provider_id,
            prov_hyg_id,
            clinic_id,
            op_id,
            assistant_id,
            apt_status,
            apt_date_time,
            upper(pattern) as pattern,
            confirmed_id,
            appointment_type_id,
            is_new_patient,
            is_hygiene,
            priority,
            apt_date_time::date + nullif(date_time_arrived::time, '00:00') as arrived_at,
            apt_date_time::date + nullif(date_time_seated::time, '00:00') as seated_at,
            apt_date_time::date + nullif(date_time_dismissed::time, '00:00') as dismissed_at,
            entered_at,
            entered_by_user_id,
            changed_at
        from {{ relation }}
        where apt_status in (1, 2, 3, 5, 6)
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

attached as (
    {{ work_of_appointments(
        source('opendental', 'procedurelog'), source('opendental', 'procedurecode')
    ) | indent }}
)

select
    bookings.appointment_id,
    bookings.patient_id,
    patients.patient_id is null as is_patient_missing,
    bookings.provider_id,
    providers.provider_label,
    bookings.prov_hyg_id as hygienist_id,
    bookings.assistant_id,
    bookings.clinic_id,
    bookings.op_id as operatory_id,
    rooms.op_name as operatory_name,
    bookings.apt_date_time as scheduled_start,
    5 * length(bookings.pattern) as scheduled_minutes,
    bookings.apt_date_time + make_interval(mins => 5 * length(bookings.pattern)) as scheduled_end,
    5 * (length(bookings.pattern) - length(replace(bookings.pattern, 'X', ''))) as provider_minutes,
    bookings.apt_status as appointment_status,
    {{ label('ApptStatus', 'bookings.apt_status') }} as status_name,
    bookings.confirmed_id as confirmation_id,
    confirmations.item_name as confirmation_name,
    appointment_types.appointment_type_name,
    coalesce(bookings.is_new_patient, false) as is_new_patient,
    coalesce(bookings.is_hygiene, false) as is_hygiene,
    coalesce(bookings.priority = 1, false) as is_asap,
    bookings.arrived_at,
    bookings.seated_at,
    bookings.dismissed_at,
    {{ minutes_between('bookings.arrived_at', 'bookings.seated_at') }} as wait_minutes,
    {{ minutes_between('bookings.seated_at', 'bookings.dismissed_at') }} as chair_minutes,
    bookings.entered_at as created_at,
    bookings.entered_by_user_id as created_by_user_id,
    {{ days_between('bookings.entered_at', 'bookings.apt_date_time') }} as lead_days,
    coalesce(histories.reschedule_count, 0) as reschedule_count,
    case
        when bookings.apt_status not in (2, 3, 5) then null
        when
            bookings.apt_status = 2
            and (
                attached.is_work_done
                or attached.broken_on is distinct from bookings.apt_date_time::date
            )
            then null
        when attached.broken_code = 'D9986' then 'missed'
        when attached.broken_code = 'D9987' then 'cancelled'
        when bookings.apt_status = 2 then null
        when histories.broken_action = 2 then 'missed'
        when histories.broken_action = 3 then 'cancelled'
    end as broken_reason,
    coalesce(attached.planned_production, 0) as planned_production,
    bookings.apt_status in (1, 2, 5) and bookings.apt_date_time is null as is_orphan_date,
    coalesce(histories.is_deleted, false) as is_deleted,
    histories.deleted_at,
    histories.deleted_by_user_id,
    bookings.entered_at as _created_at,
    bookings.changed_at as _updated_at
from bookings
left join histories
    on bookings.appointment_id = histories.appointment_id
left join attached
    on bookings.appointment_id = attached.appointment_id
left join {{ ref('int_patient_profile') }} as patients
    on bookings.patient_id = patients.patient_id
left join {{ ref('int_provider_profile') }} as providers
    on bookings.provider_id = providers.provider_id
left join {{ source('opendental', 'operatory') }} as rooms
    on bookings.op_id = rooms.operatory_id
left join {{ source('opendental', 'definition') }} as confirmations
    on
        bookings.confirmed_id = confirmations.definition_id
        and confirmations.category = 2
left join {{ source('opendental', 'appointmenttype') }} as appointment_types
    on bookings.appointment_type_id = appointment_types.appointment_type_id
