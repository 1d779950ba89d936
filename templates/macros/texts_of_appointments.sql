{# Table of the text or email a reminder or request names (MessageFk), by its MessageType. #}
{% macro message_table(message_type, message_key) -%}
case
    when {{ message_key }} = 0 then null
    when {{ message_type }} = 1 then 'smstomobile'
    when {{ message_type }} in (2, 3) then 'emailmessage'
end
{%- endmacro %}

{# Reminders and confirmation requests, each with what it was for and the text or email it names;
   of several that name one message the first is marked. #}
{% macro appointment_messages(reminders, requests, rules) -%}
with attempts as (
{% for relation, table, key, answer, answered_at in [
    (reminders, 'apptremindersent', 'appt_reminder_sent_id', 'null::smallint', 'null::timestamp'),
    (requests, 'confirmationrequest', 'confirmation_request_id', 'rsvp_status', 'date_time_rsvp'),
] %}
    select
        '{{ table }}' as attempt_source,
        {{ key }} as attempt_id,
        {{ message_table('message_type', 'message_fk') }} as message_source,
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
        {{ answer }} as rsvp_status,
        {{ answered_at }} as rsvp_at
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    attempts.*,
    {{ purpose_of_attempt('attempts.attempt_source', 'rules.type_cur') }} as purpose,
    attempts.message_source is not null and rank() over (
        partition by attempts.message_source, attempts.message_id
        order by attempts.attempt_source, attempts.attempt_id
    ) = 1 as is_first_of_message
from attempts
left join {{ rules }} as rules
    on attempts.rule_id = rules.appt_reminder_rule_id
{%- endmacro %}

{# The appointment a message is about: the earliest, where it speaks of several. #}
{% macro first_appointment_of_messages(reminders, requests, rules) -%}
with named as (
    {{ appointment_messages(reminders, requests, rules) }}
)

select distinct on (message_source, message_id)
    message_source,
    message_id,
    appointment_id
from named
where message_source is not null and appointment_id is not null
order by message_source, message_id, appointment_at, appointment_id
{%- endmacro %}
