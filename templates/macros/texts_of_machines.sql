{# Reminders and requests, then the other automatic messages, in one shape. #}
{% macro automated_attempts(attempts, other_messages, appointments_then) -%}
select
    attempt_source,
    attempt_id,
    message_source,
    message_id,
    patient_id,
    clinic_id,
    appointment_id,
    appointment_at,
    rule_id,
    purpose,
    case message_type
        when 1 then 'text'
        when 2 then 'email'
        when 3 then 'secure email'
    end as channel,
    send_status,
    queued_at,
    sent_at,
    rsvp_status,
    case when rsvp_status in (2, 3, 4) then rsvp_at end as responded_at,
    is_first_of_message as pays_for_message
from {{ attempts }}
union all
select
    others.attempt_source,
    others.attempt_id,
    others.message_source,
    others.message_id,
    others.patient_id,
    others.clinic_id,
    others.appointment_id,
    planned.appointment_at,
    null as rule_id,
    others.purpose,
    case others.message_source
        when 'smstomobile' then 'text'
        when 'emailmessage' then 'email'
        else others.channel
    end as channel,
    null as send_status,
    others.queued_at,
    others.sent_at,
    null as rsvp_status,
    null as responded_at,
    true as pays_for_message
from {{ other_messages }} as others
left join {{ appointments_then }} as planned
    on
        others.attempt_source = planned.attempt_source
        and others.attempt_id = planned.attempt_id
{%- endmacro %}

{# What became of a message; what the text or email says of itself comes before the queue. #}
{% macro send_state(attempt, text_row, email_row) -%}
case
    when
        {{ text_row }}.sms_status in (4, 5)
        or {{ email_row }}.sent_or_received = 17
        or {{ email_row }}.fail_reason != ''
        or {{ attempt }}.send_status = 4
        then 'failed'
    when {{ text_row }}.sms_status in (2, 3) then 'delivered'
    when {{ attempt }}.send_status = 1 then 'not sent'
    when {{ attempt }}.send_status = 2 then 'queued'
    when {{ attempt }}.send_status in (3, 5) then 'sent'
    when {{ attempt }}.send_status is null or {{ attempt }}.message_id is not null then 'sent'
    else 'unknown'
end
{%- endmacro %}

{# What came of the appointment that lay ahead when the message went out: it took place on its day,
   or was moved to another, or was broken, taken off the calendar or deleted. Null: not yet known. #}
{% macro appointment_outcome(attempt, appointments, deleted_appointments) -%}
case
    when coalesce({{ attempt }}.appointment_at, {{ appointments }}.apt_date_time)
        <= {{ attempt }}.sent_at or {{ attempt }}.sent_at is null then null
    when {{ appointments }}.appointment_id is null
        then case when {{ deleted_appointments }}.appointment_id is not null then 'broken' end
    when {{ appointments }}.apt_status = 3 then 'broken'
    when {{ appointments }}.apt_date_time::date != {{ attempt }}.appointment_at::date
        then 'rescheduled'
    when {{ appointments }}.apt_status = 2 then 'kept'
    when {{ appointments }}.apt_status = 5 then 'broken'
end
{%- endmacro %}
