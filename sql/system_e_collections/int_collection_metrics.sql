-- Flows are those of 90 days, most of whose 30-day windows are over; balances are as they stand.
with families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
),

accounts as (
    select
        guarantor_id,
        clinic_id,
        balance_total,
        as_of_date as snapshot_date,
        as_of_date as metric_date
    from families
    where mode = 'running'
),

account_campaigns as (
    {{ best_campaigns(
        'accounts', 'guarantor_id', 'metric_date', ref('int_collection_campaigns'), 'families'
    ) | indent }}
),

events as (
    select
        'contact ' || coalesce(direction, 'none') as act,
        guarantor_id,
        campaign_id,
        user_id,
        promised_amount,
        promise_outcome,
        attributed_within_30,
        days_to_first_payment
    from {{ ref('int_collection_communication') }}
    where contact_date > '{{ as_of }}'::date - 90 and contact_date <= '{{ as_of }}'::date
    union all
    select
        case
            when task_status = 'done' and finished_at < '{{ as_of }}'::date + 1 then 'task done'
            else 'task open'
        end as act,
        guarantor_id,
        campaign_id,
        coalesce(last_actor_user_id, author_user_id) as user_id,
        null as promised_amount,
        null as promise_outcome,
        null as attributed_within_30,
        null as days_to_first_payment
    from {{ ref('int_collection_tasks') }}
    where
        coalesce(created_at, '-infinity') < '{{ as_of }}'::date + 1
        and (task_status is distinct from 'done' or finished_at >= '{{ as_of }}'::date - 89)
    union all
    select
        'account' as act,
        accounts.guarantor_id,
        account_campaigns.campaign_id,
        null as user_id,
        null as promised_amount,
        null as promise_outcome,
        null as attributed_within_30,
        null as days_to_first_payment
    from accounts
    left join account_campaigns
        on accounts.guarantor_id = account_campaigns.guarantor_id
    where accounts.balance_total > 0
),

-- A user's accounts are those the user's tasks and contacts were about, others' the level's own.
events_by_level as (
    select
        events.*,
        levels.metric_level,
        levels.dimension_id,
        case
            when
                row_number() over (
                    partition by levels.metric_level, levels.dimension_id, events.guarantor_id
                    order by events.act
                ) = 1
                and accounts.balance_total > 0
                and (events.act = 'account' or levels.metric_level = 'user')
                then accounts.balance_total
        end as balance_once
    from events
    left join accounts
        on events.guarantor_id = accounts.guarantor_id
    cross join
        lateral (
            values
            ('overall', '0'),
            ('campaign', coalesce(events.campaign_id, 'none')),
            ('user', coalesce(events.user_id::text, 'none')),
            ('clinic', coalesce(accounts.clinic_id::text, 'none'))
        ) as levels (metric_level, dimension_id)
    where events.act != 'account' or levels.metric_level != 'user'
),

totals as (
    select
        metric_level,
        dimension_id,
        count(balance_once) as account_count,
        coalesce(sum(balance_once), 0) as balance_total,
        count(*) filter (where act = 'task open') as tasks_open,
        count(*) filter (where act = 'task done') as tasks_done,
        count(*) filter (where act = 'contact outbound') as contacts_outbound,
        count(*) filter (where act = 'contact inbound') as contacts_inbound,
        count(distinct guarantor_id) filter (where act like 'contact %') as accounts_contacted,
        coalesce(sum(promised_amount), 0) as promised_amount,
        count(promised_amount) as promise_count,
        count(*) filter (where promise_outcome = 'kept') as promises_kept,
        count(*) filter (where promise_outcome = 'broken') as promises_broken,
        coalesce(sum(attributed_within_30), 0) as collected_amount,
        count(days_to_first_payment) as contacts_with_payment,
        coalesce(sum(days_to_first_payment), 0) as payment_days_total
    from events_by_level
    group by metric_level, dimension_id
)

select
    '{{ as_of }}'::date as metric_date,
    totals.metric_level,
    totals.dimension_id,
    logins.user_name,
    totals.account_count,
    totals.balance_total,
    totals.tasks_open,
    totals.tasks_done,
    totals.tasks_done::numeric / nullif(totals.tasks_open + totals.tasks_done, 0)
        as task_completion_rate,
    totals.contacts_outbound,
    totals.contacts_inbound,
    totals.accounts_contacted,
    totals.promised_amount,
    totals.promise_count,
    totals.promises_kept,
    totals.promises_broken,
    totals.promises_kept::numeric / nullif(totals.promises_kept + totals.promises_broken, 0)
        as promise_kept_rate,
    totals.collected_amount,
    totals.collected_amount / nullif(totals.balance_total, 0) as collection_rate,
    totals.contacts_with_payment,
    totals.payment_days_total,
    totals.payment_days_total::numeric / nullif(totals.contacts_with_payment, 0)
        as avg_days_contact_to_payment
from totals
left join {{ source('opendental', 'userod') }} as logins
    on
        totals.metric_level = 'user'
        and totals.dimension_id = logins.user_id::text
