-- What the practice's own template tables hold, never what was sent to someone.
with attempts as (
    {{ appointment_messages(
        source('opendental', 'apptremindersent'),
        source('opendental', 'confirmationrequest'),
        source('opendental', 'apptreminderrule')
    ) }}
),

uses as (
    select
        rule_id,
        case when message_type = 1 then 'text' else 'email' end as channel,
        count(*) as sent_count,
        max(sent_at) as last_sent_at
    from attempts
    where send_status in (3, 5) and message_type in (1, 2, 3)
    group by rule_id, channel
),

templates as (
    select
        'emailtemplate' as template_source,
        email_template_id as template_id,
        null::bigint as rule_id,
        description as template_name,
        'email' as channel,
        {{ purpose_of_words("lower(concat_ws(' ', description, subject))") }} as purpose,
        null::bigint as clinic_id,
        concat_ws(' ', nullif(subject, ''), body_text) as template_text
    from {{ source('opendental', 'emailtemplate') }}
    union all
    select
        'apptreminderrule text' as template_source,
        appt_reminder_rule_id as template_id,
        appt_reminder_rule_id as rule_id,
        {{ label('ApptReminderType', 'type_cur') }} as template_name,
        'text' as channel,
        {{ purpose_of_rule('type_cur') }} as purpose,
        clinic_id,
        template_sms as template_text
    from {{ source('opendental', 'apptreminderrule') }}
    where template_sms != ''
    union all
    select
        'apptreminderrule email' as template_source,
        appt_reminder_rule_id as template_id,
        appt_reminder_rule_id as rule_id,
        {{ label('ApptReminderType', 'type_cur') }} as template_name,
        'email' as channel,
        {{ purpose_of_rule('type_cur') }} as purpose,
        clinic_id,
        concat_ws(' ', nullif(template_email_subject, ''), template_email) as template_text
    from {{ source('opendental', 'apptreminderrule') }}
    where template_email_subject != '' or template_email != ''
    union all
    select
        'dunning' as template_source,
        dunning_id as template_id,
        null::bigint as rule_id,
        concat('Dunning, from ', age_account, ' days') as template_name,
        'statement' as channel,
        'statement' as purpose,
        clinic_id,
        concat_ws(' ', nullif(message_bold, ''), dun_message) as template_text
    from {{ source('opendental', 'dunning') }}
),

found_tags as (
    select
        template_source,
        template_id,
        (regexp_matches(template_text, '\[[A-Za-z]\w*\]', 'g'))[1] as tag
    from templates
),

tags as (
    select
        template_source,
        template_id,
        string_agg(distinct tag, ', ' order by tag) as merge_tags
    from found_tags
    group by template_source, template_id
)

select
    templates.template_source,
    templates.template_id,
    templates.template_name,
    templates.channel,
    coalesce(templates.purpose, 'other') as purpose,
    templates.clinic_id,
    nullif(rules.language, '') as language,
    templates.rule_id is null or rules.is_enabled as is_enabled,
    round(rules.ts_prior / 36000000000.0, 2) as lead_time_hours,
    tags.merge_tags,
    length(templates.template_text) as template_length,
    case when templates.rule_id is not null then coalesce(uses.sent_count, 0) end as sent_count,
    uses.last_sent_at
from templates
left join {{ source('opendental', 'apptreminderrule') }} as rules
    on templates.rule_id = rules.appt_reminder_rule_id
left join tags
    on
        templates.template_source = tags.template_source
        and templates.template_id = tags.template_id
left join uses
    on
        templates.rule_id = uses.rule_id
        and templates.channel = uses.channel
