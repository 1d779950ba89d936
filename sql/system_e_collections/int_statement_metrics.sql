with demands as (
    select
        statement_id,
        guarantor_id,
        coalesce(guarantor_id, -statement_id) as account_id,
        statement_date,
        date_trunc('month', statement_date)::date as metric_date,
        snapshot_date,
        delivery_method,
        billing_type_name,
        case when amount_due < 0 then 0 else amount_due end as amount_due,
        payment_result,
        attributed_within_30,
        days_to_first_payment
    from {{ ref('int_billing_statements') }}
    where is_demand and statement_date <= '{{ as_of }}'::date
),

families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
),

campaigns_of_demands as (
    {{ best_campaigns(
        'demands', 'statement_id', 'statement_date', ref('int_collection_campaigns'), 'families'
    ) | indent }}
),

demands_by_level as (
    select
        demands.*,
        levels.metric_level,
        levels.dimension_value,
        row_number() over (
            partition by
                demands.metric_date,
                levels.metric_level,
                levels.dimension_value,
                demands.account_id,
                demands.amount_due is null
            order by demands.statement_date desc, demands.statement_id desc
        ) = 1 as is_latest_of_family
    from demands
    left join campaigns_of_demands
        on demands.statement_id = campaigns_of_demands.statement_id
    cross join lateral (
        values
        ('overall', 'all'),
        ('method', coalesce(demands.delivery_method, 'none')),
        ('campaign', coalesce(campaigns_of_demands.campaign_id, 'none')),
        ('billing type', coalesce(demands.billing_type_name, 'none'))
    ) as levels (metric_level, dimension_value)
),

counted as (
    select
        metric_date,
        metric_level,
        dimension_value,
        count(*) as statements_sent,
        count(distinct account_id) as families_billed,
        coalesce(sum(amount_due) filter (where is_latest_of_family), 0) as amount_billed,
        sum(attributed_within_30) as paid_within_30,
        count(payment_result) as statements_judged,
        count(*) filter (where payment_result = 'full') as statements_paid_in_full,
        count(*) filter (where payment_result = 'partial') as statements_paid_in_part,
        count(days_to_first_payment) as statements_with_payment,
        sum(days_to_first_payment) as payment_days_total,
        count(*) filter (where delivery_method = 'email') as statements_by_email,
        count(*) filter (where delivery_method = 'electronic') as statements_by_service
    from demands_by_level
    group by metric_date, metric_level, dimension_value
)

select
    metric_date,
    metric_level,
    dimension_value,
    statements_sent,
    families_billed,
    amount_billed,
    paid_within_30,
    statements_judged,
    statements_paid_in_full,
    statements_paid_in_part,
    (statements_paid_in_full + statements_paid_in_part)::numeric / nullif(statements_judged, 0)
        as payment_rate,
    statements_paid_in_full::numeric / nullif(statements_judged, 0) as full_payment_rate,
    statements_paid_in_part::numeric / nullif(statements_judged, 0) as partial_payment_rate,
    statements_with_payment,
    coalesce(payment_days_total, 0) as payment_days_total,
    payment_days_total::numeric / nullif(statements_with_payment, 0) as avg_days_to_payment,
    statements_by_email,
    statements_by_service,
    statements_by_email::numeric / statements_sent as email_share,
    statements_by_service::numeric / statements_sent as electronic_share
from counted
