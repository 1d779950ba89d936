{# Every text and email as one shape. Drafts and the receipts of Direct mail are no contacts. #}
{% macro texts_and_emails(texts_sent, texts_received, emails) -%}
select
    'smstomobile' as message_source,
    sms_to_mobile_id as message_id,
    patient_id,
    null::bigint as user_id,
    null::bigint as provider_id,
    clinic_id,
    null::bigint as appointment_id,
    null::bigint as commlog_id,
    date_time_sent as occurred_at,
    null::timestamp as entered_at,
    'outbound' as direction,
    'text' as channel,
    {{ label('SmsMessageSource', 'msg_type') }} as origin,
    not {{ is_staff_text('msg_type') }} as is_automated,
    {{ purpose_of_text('msg_type') }} as purpose,
    case
        when {{ topic_of_purpose(purpose_of_text('msg_type')) }} is null
            then {{ topic_of_words('lower(msg_text)') }}
    end as topic_of_words,
    length(msg_text) as content_length,
    {{ content_hash('msg_text') }} as content_hash,
    {{ row_metadata('texts_sent') }}
from {{ texts_sent }} as texts_sent
union all
select
    'smsfrommobile' as message_source,
    sms_from_mobile_id as message_id,
    patient_id,
    null::bigint as user_id,
    null::bigint as provider_id,
    clinic_id,
    null::bigint as appointment_id,
    commlog_id,
    date_time_received as occurred_at,
    null::timestamp as entered_at,
    'inbound' as direction,
    'text' as channel,
    null as origin,
    false as is_automated,
    null as purpose,
    {{ topic_of_words('lower(msg_text)') }} as topic_of_words,
    length(msg_text) as content_length,
    {{ content_hash('msg_text') }} as content_hash,
    {{ row_metadata('texts_received') }}
from {{ texts_received }} as texts_received
union all
select
    'emailmessage' as message_source,
    email_message_id as message_id,
    coalesce(patient_id, pat_num_subj_id) as patient_id,
    user_id,
    prov_num_web_mail_id as provider_id,
    null::bigint as clinic_id,
    appointment_id,
    null::bigint as commlog_id,
    coalesce(msg_date_time, entered_at) as occurred_at,
    entered_at,
    case
        when sent_or_received in (1, 6, 7, 8, 14, 17) then 'outbound'
        when sent_or_received in (2, 3, 4, 5, 9, 10, 11, 15, 16) then 'inbound'
    end as direction,
    'email' as channel,
    nullif(msg_type, '') as origin,
    not {{ is_staff_email('msg_type') }} as is_automated,
    {{ purpose_of_email('msg_type') }} as purpose,
    case
        when {{ topic_of_purpose(purpose_of_email('msg_type')) }} is null
            then {{ topic_of_words("lower(concat_ws(' ', subject, body_text))") }}
    end as topic_of_words,
    length(subject) + length(body_text) as content_length,
    {{ content_hash("concat_ws(' ', subject, body_text)") }} as content_hash,
    {{ row_metadata('emails') }}
from {{ emails }} as emails
where (sent_or_received in (0, 12, 13)) is not true
{%- endmacro %}

{# Which message each log row logs, one for one: the system's own link first; else the two stand in
   one burst (one patient, direction and channel, no gap over five minutes), same words first. #}
{% macro logged_messages(logs, messages) -%}
with linked as (
    select
        messages.commlog_id,
        messages.message_source,
        messages.message_id,
        rank() over (partition by messages.commlog_id order by messages.message_id) = 1 as is_first
    from {{ messages }} as messages
    inner join {{ logs }} as logs
        on messages.commlog_id = logs.commlog_id
),

unlinked as (
    select
        'commlog' as row_source,
        logs.commlog_id as row_id,
        logs.patient_id,
        logs.direction,
        logs.message_channel as channel,
        logs.occurred_at,
        logs.content_hash
    from {{ logs }} as logs
    left join linked
        on
            logs.commlog_id = linked.commlog_id
            and linked.is_first
    where logs.message_channel is not null and linked.commlog_id is null
    union all
    select
        messages.message_source as row_source,
        messages.message_id as row_id,
        messages.patient_id,
        messages.direction,
        messages.channel,
        messages.occurred_at,
        messages.content_hash
    from {{ messages }} as messages
    left join {{ logs }} as logs
        on messages.commlog_id = logs.commlog_id
    where logs.commlog_id is null
),

burst_starts as (
    select
        *,
        case
            when occurred_at <= interval '5 minutes' + lag(occurred_at) over (
                partition by patient_id, direction, channel order by occurred_at
            ) then null
            else occurred_at
        end as starts_at
    from unlinked
    where patient_id is not null and occurred_at is not null
),

bursts as (
    select
        row_source,
        row_id,
        row_source = 'commlog' as is_log,
        patient_id,
        direction,
        channel,
        occurred_at,
        coalesce(content_hash, '') as content_hash,
        max(starts_at) over (
            partition by patient_id, direction, channel order by occurred_at
        ) as burst_at
    from burst_starts
),

same_words as (
    select
        *,
        row_number() over (
            partition by patient_id, direction, channel, burst_at, content_hash, is_log
            order by occurred_at, row_source, row_id
        ) <= least(
            count(*) filter (where is_log) over words,
            count(*) filter (where not is_log) over words
        ) as has_same_words
    from bursts
    window words as (partition by patient_id, direction, channel, burst_at, content_hash)
),

places as (
    select
        *,
        case when has_same_words then content_hash else '-' end as words,
        row_number() over (
            partition by
                patient_id, direction, channel, burst_at, is_log,
                has_same_words, case when has_same_words then content_hash end
            order by occurred_at, row_source, row_id
        ) as place
    from same_words
)

select
    commlog_id,
    message_source,
    message_id,
    is_first
from linked
union all
select
    logs.row_id as commlog_id,
    messages.row_source as message_source,
    messages.row_id as message_id,
    true as is_first
from places as logs
inner join places as messages
    on
        logs.patient_id = messages.patient_id
        and logs.direction = messages.direction
        and logs.channel = messages.channel
        and logs.burst_at = messages.burst_at
        and logs.words = messages.words
        and logs.place = messages.place
where logs.is_log and not messages.is_log
{%- endmacro %}

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
