{# Contacts that brought one text to three patients or more, with the number of these: one run of
   the text, sent over and over with no pause of more than ten minutes. #}
{% macro contacts_in_batches(contacts) -%}
with text_starts as (
    select
        communication_source,
        communication_id,
        patient_id,
        content_hash,
        occurred_at,
        case
            when occurred_at <= interval '10 minutes' + lag(occurred_at) over (
                partition by content_hash order by occurred_at
            ) then null
            else occurred_at
        end as starts_at
    from {{ contacts }}
    where direction = 'outbound' and content_hash is not null and occurred_at is not null
),

text_runs as (
    select
        communication_source,
        communication_id,
        patient_id,
        content_hash,
        max(starts_at) over (partition by content_hash order by occurred_at) as run_at
    from text_starts
),

batches as (
    select
        content_hash,
        run_at,
        count(distinct patient_id) as batch_size
    from text_runs
    group by content_hash, run_at
    having count(distinct patient_id) >= 3
)

select
    text_runs.communication_source,
    text_runs.communication_id,
    batches.batch_size
from text_runs
inner join batches
    on
        text_runs.content_hash = batches.content_hash
        and text_runs.run_at = batches.run_at
{%- endmacro %}
