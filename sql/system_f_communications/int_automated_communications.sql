with attempts as (
    {{ appointment_messages(
        source('opendental', 'apptremindersent'),
        source('opendental', 'confirmationrequest'),
        source('opendental', 'apptreminderrule')
    ) }}
),

-- What no reminder or request names: automatic texts and emails, and what only a bridge logged.
other_messages as (
    select
        coalesce(contacts.message_source, 'commlog') as attempt_source,
        coalesce(contacts.message_id, contacts.communication_id) as attempt_id,
        contacts.message_source,
        contacts.message_id,
        contacts.channel,
        contacts.patient_id,
        contacts.clinic_id,
        contacts.linked_appointment_id as appointment_id,
        flags.trigger_type as purpose,
        contacts.entered_at as queued_at,
        contacts.occurred_at as sent_at
    from {{ ref('int_patient_communications_base') }} as contacts
    inner join {{ ref('int_automated_communication_flags') }} as flags
        on
            contacts.communication_source = flags.communication_source
            and contacts.communication_id = flags.communication_id
    left join attempts
        on
            contacts.message_source = attempts.message_source
            and contacts.message_id = attempts.message_id
            and attempts.is_first_of_message
    where
        flags.is_automated
        and contacts.direction = 'outbound'
        and attempts.attempt_id is null
        and (
            contacts.message_id is not null
            or (
                flags.automation_basis = 'bridge'
                and contacts.channel in ('text', 'email', 'email and text')
            )
        )
),

-- When such a message went out, its appointment was where the last version before then put it.
appointments_then as (
    select distinct on (other_messages.attempt_source, other_messages.attempt_id)
        other_messages.attempt_source,
        other_messages.attempt_id,
        versions.apt_date_time as appointment_at
    from other_messages
    inner join {{ source('opendental', 'histappointment') }} as versions
        on other_messages.appointment_id = versions.appointment_id
    where versions.hist_date_t_stamp <= other_messages.sent_at
    order by
        other_messages.attempt_source asc,
        other_messages.attempt_id asc,
        versions.hist_date_t_stamp desc,
        versions.hist_appt_id desc
),

tried as (
    {{ automated_attempts('attempts', 'other_messages', 'appointments_then') }}
),

deleted_appointments as (
    select distinct appointment_id
    from {{ source('opendental', 'histappointment') }}
    where hist_appt_action = 4
),

opt_outs as (
    select
        patient_id,
        bit_or(opt_out_sms) as text_flags,
        bit_or(opt_out_email) as email_flags
    from {{ source('opendental', 'commoptout') }}
    group by patient_id
)

select
    tried.attempt_source as message_source,
    tried.attempt_id as message_id,
    tried.patient_id,
    tried.clinic_id,
    tried.appointment_id,
    tried.rule_id,
    tried.purpose as trigger_type,
    tried.channel,
    tried.queued_at,
    tried.sent_at,
    {{ send_state('tried', 'texts', 'emails') }} as send_status,
    {{ units_between(
        'tried.sent_at', 'coalesce(tried.appointment_at, appointments.apt_date_time)', 3600
    ) }} as lead_time_hours,
    {{ label('RSVPStatusCodes', 'tried.rsvp_status') }} as response_status,
    tried.responded_at,
    {{ units_between('tried.sent_at', 'tried.responded_at', 60) }} as minutes_to_response,
    {{ appointment_outcome('tried', 'appointments', 'deleted_appointments') }}
        as appointment_outcome,
    coalesce(
        case when tried.channel like '%text' then opt_outs.text_flags else 0 end
        | case when tried.channel like '%email%' then opt_outs.email_flags else 0 end, 0
    ) & (1 | {{ opt_out_bit('tried.purpose') }}) != 0 as patient_opted_out,
    case when tried.pays_for_message then texts.msg_parts end as segment_count,
    case when tried.pays_for_message then texts.msg_charge_usd end as message_cost
from tried
left join {{ source('opendental', 'smstomobile') }} as texts
    on
        tried.message_source = 'smstomobile'
        and tried.message_id = texts.sms_to_mobile_id
left join {{ source('opendental', 'emailmessage') }} as emails
    on
        tried.message_source = 'emailmessage'
        and tried.message_id = emails.email_message_id
left join {{ source('opendental', 'appointment') }} as appointments
    on tried.appointment_id = appointments.appointment_id
left join deleted_appointments
    on tried.appointment_id = deleted_appointments.appointment_id
left join opt_outs
    on tried.patient_id = opt_outs.patient_id
