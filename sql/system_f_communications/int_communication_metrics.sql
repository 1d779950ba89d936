with answers as (
    select
        {{ message_table('message_type', 'message_fk') }} as message_source,
        message_fk as message_id,
        count(distinct appt_id) as requested_appointment_count,
        count(distinct appt_id) filter (where rsvp_status = 2) as confirmed_appointment_count
    from {{ source('opendental', 'confirmationrequest') }}
    group by message_source, message_id
),

contacts as (
    select
        base.occurred_at::date as metric_date,
        base.user_id,
        base.channel,
        base.direction,
        base.topic,
        base.patient_id,
        base.is_automated,
        base.duration_minutes,
        base.is_future_dated,
        flags.has_reply,
        flags.delivery_failed,
        answers.requested_appointment_count,
        answers.confirmed_appointment_count
    from {{ ref('int_patient_communications_base') }} as base
    inner join {{ ref('int_automated_communication_flags') }} as flags
        on
            base.communication_source = flags.communication_source
            and base.communication_id = flags.communication_id
    left join answers
        on
            base.message_source = answers.message_source
            and base.message_id = answers.message_id
),

days as (
    select
        metric_date,
        user_id,
        channel,
        direction,
        topic,
        count(*) as contact_count,
        count(distinct patient_id) as patient_count,
        count(*) filter (where is_automated) as automated_count,
        count(*) filter (where not is_automated) as manual_count,
        count(duration_minutes) as timed_count,
        sum(duration_minutes) as total_duration_minutes,
        count(*) filter (where direction = 'outbound') as outbound_count,
        count(*) filter (where has_reply) as reply_count,
        coalesce(sum(requested_appointment_count), 0) as requested_appointment_count,
        coalesce(sum(confirmed_appointment_count), 0) as confirmed_appointment_count,
        count(*) filter (where delivery_failed) as failed_count,
        count(*) filter (where is_future_dated) as future_dated_count
    from contacts
    group by metric_date, user_id, channel, direction, topic
)

select
    days.metric_date,
    days.user_id,
    logins.user_name,
    days.channel,
    days.direction,
    days.topic,
    days.contact_count,
    days.patient_count,
    days.automated_count,
    days.manual_count,
    days.timed_count,
    days.total_duration_minutes,
    round(days.total_duration_minutes / nullif(days.timed_count, 0), 2) as avg_duration_minutes,
    days.outbound_count,
    days.reply_count,
    round(days.reply_count::numeric / nullif(days.outbound_count, 0), 4) as reply_rate,
    days.requested_appointment_count,
    days.confirmed_appointment_count,
    days.failed_count,
    days.future_dated_count
from days
left join {{ source('opendental', 'userod') }} as logins
    on days.user_id = logins.user_id
