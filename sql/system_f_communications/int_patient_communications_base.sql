-- A text or email that the contact log holds too is one contact: the log's, naming its message.
with logs as (
    select
        contacts.commlog_id,
        contacts.patient_id,
        contacts.user_id,
        contacts.referral_id,
        contacts.comm_date_time as occurred_at,
        contacts.date_time_end as ended_at,
        contacts.date_t_entry as entered_at,
        {{ contact_direction('contacts.sent_or_received') }} as direction,
        {{ contact_channel('contacts.mode') }} as channel,
        comm_types.item_name as comm_type_name,
        nullif(upper(btrim(comm_types.item_value)), '') as comm_type_marker,
        case
            when contacts.comm_source = 2 then coalesce(programs.prog_desc, 'ProgramLink')
            else {{ label('CommItemSource', 'contacts.comm_source') }}
        end as origin,
        contacts.comm_source != 0 as is_automated,
        {{ purpose_of_log('contacts.comm_source') }} as purpose,
        case
            when {{ topic_of_marker('upper(btrim(comm_types.item_value))') }} is null
                then {{ topic_of_words('lower(contacts.note)') }}
        end as topic_of_words,
        length(contacts.note) as content_length,
        {{ content_hash('contacts.note') }} as content_hash,
        {{ row_metadata('contacts') }}
    from {{ source('opendental', 'commlog') }} as contacts
    left join {{ source('opendental', 'definition') }} as comm_types
        on
            contacts.comm_type_id = comm_types.definition_id
            and comm_types.category = 27
    left join {{ source('opendental', 'program') }} as programs
        on contacts.program_id = programs.program_id
),

messages as (
    {{ texts_and_emails(
        source('opendental', 'smstomobile'),
        source('opendental', 'smsfrommobile'),
        source('opendental', 'emailmessage')
    ) }}
),

logged as (
    {{ logged_messages('logs', 'messages') }}
),

contact_messages as (
    select
        messages.*,
        logged.commlog_id as logged_as_id
    from messages
    left join logged
        on
            messages.message_source = logged.message_source
            and messages.message_id = logged.message_id
    where coalesce(logged.is_first, true)
),

appointments_named as (
    {{ first_appointment_of_messages(
        source('opendental', 'apptremindersent'),
        source('opendental', 'confirmationrequest'),
        source('opendental', 'apptreminderrule')
    ) }}
),

contacts as (
    select
        case when logs.commlog_id is null then messages.message_source else 'commlog' end
            as communication_source,
        coalesce(logs.commlog_id, messages.message_id) as communication_id,
        coalesce(logs.patient_id, messages.patient_id) as patient_id,
        coalesce(logs.user_id, messages.user_id) as user_id,
        messages.provider_id as message_provider_id,
        messages.clinic_id as message_clinic_id,
        logs.referral_id,
        coalesce(logs.occurred_at, messages.occurred_at) as occurred_at,
        logs.ended_at,
        coalesce(logs.entered_at, messages.entered_at) as entered_at,
        coalesce(messages.direction, logs.direction) as direction,
        coalesce(logs.channel, messages.channel) as channel,
        logs.comm_type_name,
        logs.comm_type_marker,
        coalesce(logs.origin, messages.origin) as origin,
        coalesce(logs.is_automated, false) or coalesce(messages.is_automated, false)
            as is_automated,
        coalesce(messages.purpose, logs.purpose) as purpose,
        coalesce(logs.topic_of_words, messages.topic_of_words) as topic_of_words,
        messages.appointment_id,
        coalesce(logs.content_length, messages.content_length) as content_length,
        coalesce(logs.content_hash, messages.content_hash) as content_hash,
        messages.message_source,
        messages.message_id,
        coalesce(logs._created_at, messages._created_at) as _created_at,
        coalesce(logs._updated_at, messages._updated_at) as _updated_at
    from logs
    full join contact_messages as messages
        on logs.commlog_id = messages.logged_as_id
)

select
    contacts.communication_source,
    contacts.communication_id,
    contacts.patient_id,
    contacts.user_id,
    coalesce(contacts.message_provider_id, logins.provider_id) as provider_id,
    coalesce(contacts.message_clinic_id, patients.clinic_id) as clinic_id,
    contacts.referral_id,
    contacts.occurred_at,
    contacts.ended_at,
    contacts.entered_at,
    contacts.direction,
    contacts.channel,
    contacts.comm_type_name,
    contacts.comm_type_marker,
    contacts.origin,
    contacts.is_automated,
    coalesce(
        {{ topic_of_marker('contacts.comm_type_marker') }},
        case when contacts.referral_id is not null then 'referral' end,
        {{ topic_of_purpose('contacts.purpose') }},
        contacts.topic_of_words,
        'other'
    ) as topic,
    case
        when
            contacts.ended_at >= contacts.occurred_at
            and contacts.ended_at - contacts.occurred_at <= interval '1 day'
            then {{ units_between('contacts.occurred_at', 'contacts.ended_at', 60) }}
    end as duration_minutes,
    coalesce(appointments_named.appointment_id, contacts.appointment_id) as linked_appointment_id,
    contacts.content_length,
    contacts.content_hash,
    coalesce(contacts.occurred_at::date > '{{ as_of }}'::date, false) as is_future_dated,
    contacts.purpose,
    contacts.message_source,
    contacts.message_id,
    {{ row_metadata('contacts') }}
from contacts
left join appointments_named
    on
        contacts.message_source = appointments_named.message_source
        and contacts.message_id = appointments_named.message_id
left join {{ source('opendental', 'userod') }} as logins
    on contacts.user_id = logins.user_id
left join {{ ref('int_patient_profile') }} as patients
    on contacts.patient_id = patients.patient_id
