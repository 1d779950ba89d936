-- Money received in the last twelve months, as the metric counts it: reversals negative.
with months as (
    select generate_series(
        date_trunc('month', desk.today()) - interval '11 months',
        date_trunc('month', desk.today()),
        interval '1 month'
    )::date as month_start
),

received as (
    select
        date_trunc('month', received_on)::date as month_start,
        coalesce(sum(amount) filter (where payer_id is not null), 0) as insurance,
        coalesce(sum(amount) filter (where payer_id is null), 0) as clients
    from desk.payments
    where
        received_on
        between (date_trunc('month', desk.today()) - interval '11 months')::date and desk.today()
    group by date_trunc('month', received_on)
),

budget as (
    select (value #>> '{}')::numeric as monthly_budget
    from desk.practice_setting
    where name = 'monthly_budget'
)

select
    months.month_start,
    coalesce(received.insurance, 0) as insurance,
    coalesce(received.clients, 0) as clients,
    budget.monthly_budget as budget
from months
left join received
    on months.month_start = received.month_start
left join budget
    on true
order by months.month_start
