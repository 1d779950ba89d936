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
        logs.direction = 'outbound' as is_outbound,
        logs.channel != 'email' as is_text,
        logs.occurred_at,
        logs.content_hash
    from {{ logs }} as logs
    left join linked
        on
            logs.commlog_id = linked.commlog_id
            and linked.is_first
    where
        linked.commlog_id is null
        and logs.channel in ('email', 'text', 'email and text', 'phone and text')
        and logs.direction in ('outbound', 'inbound')
    union all
    select
        messages.message_source as row_source,
        messages.message_id as row_id,
        messages.patient_id,
        messages.direction = 'outbound' as is_outbound,
        messages.channel = 'text' as is_text,
        messages.occurred_at,
        messages.content_hash
    from {{ messages }} as messages
    left join {{ logs }} as logs
        on messages.commlog_id = logs.commlog_id
    where logs.commlog_id is null and messages.direction in ('outbound', 'inbound')
),

burst_starts as (
    select
        *,
        case
            when occurred_at <= interval '5 minutes' + lag(occurred_at) over (
                partition by patient_id, is_outbound, is_text order by occurred_at
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
        is_outbound,
        is_text,
        occurred_at,
        coalesce(content_hash, '') as content_hash,
        max(starts_at) over (
            partition by patient_id, is_outbound, is_text order by occurred_at
        ) as burst_at
    from burst_starts
),

same_words as (
    select
        *,
        row_number() over (
            partition by patient_id, is_outbound, is_text, burst_at, content_hash, is_log
            order by occurred_at, row_source, row_id
        ) <= least(
            count(*) filter (where is_log) over words,
            count(*) filter (where not is_log) over words
        ) as has_same_words
    from bursts
    window words as (partition by patient_id, is_outbound, is_text, burst_at, content_hash)
),

places as (
    select
        *,
        case when has_same_words then content_hash else '-' end as words,
        row_number() over (
            partition by
                patient_id, is_outbound, is_text, burst_at, is_log,
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
        and logs.is_outbound = messages.is_outbound
        and logs.is_text = messages.is_text
        and logs.burst_at = messages.burst_at
        and logs.words = messages.words
        and logs.place = messages.place
where logs.is_log and not messages.is_log
{%- endmacro %}
