with attempts as (
    {{ appointment_messages(
        source('opendental', 'apptremindersent'),
        source('opendental', 'confirmationrequest'),
        source('opendental', 'apptreminderrule')
    ) }}
),

batch_contacts as (
    {{ contacts_in_batches(ref('int_patient_communications_base')) }}
),

-- A reply answers the last contact before it, so it is used once; what came first keeps none.
neighbors as (
    select
        communication_source,
        communication_id,
        lead(direction) over patient_contacts as next_direction,
        lead(occurred_at) over patient_contacts as next_at,
        lag(direction = 'inbound' and {{ is_stop_word('content_hash') }})
            over patient_contacts as follows_stop_word
    from {{ ref('int_patient_communications_base') }}
    where
        patient_id is not null
        and occurred_at is not null
        and direction in ('inbound', 'outbound')
        and not is_future_dated
    window patient_contacts as (
        partition by patient_id
        order by occurred_at, direction, communication_source, communication_id
    )
),

flagged as (
    select
        contacts.*,
        case
            when log_rows.comm_source = 2 then 'bridge'
            when log_rows.comm_source != 0 then 'source code'
            when contacts.is_automated then 'message type'
            when attempts.attempt_id is not null then 'rule'
            when batch_contacts.communication_id is not null then 'batch'
        end as automation_basis,
        coalesce(attempts.purpose, contacts.purpose, 'other') as trigger_type,
        batch_contacts.batch_size,
        case
            when
                contacts.direction = 'outbound'
                and neighbors.next_direction = 'inbound'
                and {{ days_between('contacts.occurred_at', 'neighbors.next_at') }} <= 7
                then neighbors.next_at
        end as reply_at,
        coalesce(texts.sms_status in (4, 5), false)
        or coalesce(emails.sent_or_received = 17 or emails.fail_reason != '', false)
            as delivery_failed,
        coalesce(
            contacts.direction = 'inbound' and {{ is_stop_word('contacts.content_hash') }}, false
        )
        or (
            coalesce(texts.msg_type in (19, 28), false)
            and not coalesce(neighbors.follows_stop_word, false)
        ) as is_opt_out_request,
        texts.msg_parts as segment_count,
        texts.msg_charge_usd as message_cost
    from {{ ref('int_patient_communications_base') }} as contacts
    left join {{ source('opendental', 'commlog') }} as log_rows
        on
            contacts.communication_source = 'commlog'
            and contacts.communication_id = log_rows.commlog_id
    left join {{ source('opendental', 'smstomobile') }} as texts
        on
            contacts.message_source = 'smstomobile'
            and contacts.message_id = texts.sms_to_mobile_id
    left join {{ source('opendental', 'emailmessage') }} as emails
        on
            contacts.message_source = 'emailmessage'
            and contacts.message_id = emails.email_message_id
    left join attempts
        on
            contacts.message_source = attempts.message_source
            and contacts.message_id = attempts.message_id
            and attempts.is_first_of_message
    left join batch_contacts
        on
            contacts.communication_source = batch_contacts.communication_source
            and contacts.communication_id = batch_contacts.communication_id
    left join neighbors
        on
            contacts.communication_source = neighbors.communication_source
            and contacts.communication_id = neighbors.communication_id
)

select
    flagged.communication_source,
    flagged.communication_id,
    flagged.patient_id,
    flagged.automation_basis is not null as is_automated,
    flagged.automation_basis,
    case when flagged.automation_basis is not null then flagged.trigger_type end as trigger_type,
    flagged.batch_size is not null as is_batch,
    flagged.batch_size,
    flagged.reply_at is not null as has_reply,
    flagged.reply_at,
    flagged.delivery_failed,
    flagged.is_opt_out_request,
    flagged.segment_count,
    flagged.message_cost,
    {{ row_metadata('flagged') }}
from flagged
