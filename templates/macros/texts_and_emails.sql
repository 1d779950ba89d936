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
