-- error: Every level of a metrics model shows all the work and money, each once.
with levels (subject, metric_level) as (
    values
    ('int_statement_metrics', 'overall'),
    ('int_statement_metrics', 'method'),
    ('int_statement_metrics', 'campaign'),
    ('int_statement_metrics', 'billing type'),
    ('int_collection_metrics', 'overall'),
    ('int_collection_metrics', 'campaign'),
    ('int_collection_metrics', 'clinic')
),

shown as (
    select
        'int_statement_metrics' as subject,
        metric_level,
        sum(statements_sent) as counted,
        sum(paid_within_30) as amount
    from {{ ref('int_statement_metrics') }}
    group by metric_level
    union all
    select
        'int_collection_metrics' as subject,
        metric_level,
        sum(account_count) as counted,
        sum(balance_total) as amount
    from {{ ref('int_collection_metrics') }}
    group by metric_level
),

wanted as (
    select
        'int_statement_metrics' as subject,
        count(*) as counted,
        sum(attributed_within_30) as amount
    from {{ ref('int_billing_statements') }}
    where is_demand and statement_date <= '{{ as_of }}'::date
    union all
    select
        'int_collection_metrics' as subject,
        count(*) as counted,
        sum(balance_total) as amount
    from {{ ref('int_ar_aging_snapshot') }}
    where mode = 'running' and patient_id is null and balance_total > 0
)

select
    levels.subject,
    levels.metric_level,
    shown.counted,
    wanted.counted as must_count,
    shown.amount,
    wanted.amount as must_amount
from levels
inner join wanted
    on levels.subject = wanted.subject
left join shown
    on levels.subject = shown.subject and levels.metric_level = shown.metric_level
where
    coalesce(shown.counted, 0) != wanted.counted
    or coalesce(shown.amount, 0) != coalesce(wanted.amount, 0)
