-- error: A family's balance is the same in every model of the receivable; the snapshot rounds it.
with balances as (
    select
        guarantor_id,
        sum(current_balance) as amount
    from {{ ref('int_ar_balance') }}
    group by guarantor_id
),

transactions as (
    select
        guarantor_id,
        sum(amount) filter (where counts) as amount
    from {{ ref('int_ar_transaction_history') }}
    group by guarantor_id
),

accounts as (
    select
        guarantor_id,
        sum(total_ar_balance) as amount
    from {{ ref('int_ar_analysis_base') }}
    group by guarantor_id
),

snapshots as (
    select
        guarantor_id,
        balance_total as amount
    from {{ ref('int_ar_aging_snapshot') }}
    where mode = 'running' and patient_id is null
),

families as (
    select
        coalesce(
            balances.guarantor_id,
            transactions.guarantor_id,
            accounts.guarantor_id,
            snapshots.guarantor_id
        ) as guarantor_id,
        coalesce(transactions.amount, 0) as in_history,
        coalesce(balances.amount, 0) as in_balances,
        coalesce(accounts.amount, 0) as in_accounts,
        coalesce(snapshots.amount, 0) as in_snapshot
    from transactions
    full join balances
        on transactions.guarantor_id = balances.guarantor_id
    full join accounts
        on transactions.guarantor_id = accounts.guarantor_id
    full join snapshots
        on transactions.guarantor_id = snapshots.guarantor_id
)

select
    guarantor_id,
    in_history,
    in_balances,
    in_accounts,
    in_snapshot
from families
where
    guarantor_id is not null
    and (
        in_history != in_balances
        or in_history != in_accounts
        or {{ aged_cents('in_history') }} != in_snapshot
    )
order by guarantor_id
