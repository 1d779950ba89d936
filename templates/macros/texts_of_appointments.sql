{# Reminders and confirmation requests, each with the text or email it names. #}
{% macro appointment_messages(reminders, requests) -%}
{% for relation, table, key in [
    (reminders, 'apptremindersent', 'appt_reminder_sent_id'),
    (requests, 'confirmationrequest', 'confirmation_request_id'),
] %}
select
    '{{ table }}' as attempt_source,
    {{ key }} as attempt_id,
    case
        when message_fk = 0 then null
        when message_type = 1 then 'smstomobile'
        when message_type in (2, 3) then 'emailmessage'
    end as message_source,
    nullif(message_fk, 0) as message_id,
    message_type,
    patient_id,
    clinic_id,
    appt_id as appointment_id,
    appt_date_time as appointment_at,
    appt_reminder_rule_id as rule_id,
    send_status,
    date_time_entry as queued_at,
    date_time_sent as sent_at,
    {{ 'rsvp_status' if table == 'confirmationrequest' else 'null::smallint' }} as rsvp_status,
    {{ 'date_time_rsvp' if table == 'confirmationrequest' else 'null::timestamp' }} as rsvp_at
from {{ relation }}
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endmacro %}

{# The appointment a message is about: the earliest, where it speaks of several. #}
{% macro first_appointment_of_messages(reminders, requests) -%}
with attempts as (
    {{ appointment_messages(reminders, requests) }}
)

select distinct on (message_source, message_id)
    message_source,
    message_id,
    appointment_id
from attempts
where message_source is not null and appointment_id is not null
order by message_source, message_id, appointment_at, appointment_id
{%- endmacro %}
