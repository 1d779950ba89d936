-- No row is aged once per date: it enters a bucket, and leaves it for the next, on the first
-- snapshot date that is late enough; adding up these changes over the dates gives the figures.
with dates as (
    {{ snapshot_dates(as_of) | indent }}
),

bucket_changes as (
    {{ bucket_changes(ref('int_ar_shared_calculations'), as_of) | indent }}
),

money_changes as (
    {{ money_changes(ref('int_ar_shared_calculations'), as_of) | indent }}
),

-- Running mode counts what has a future day, or none, in everything but the buckets.
accounts as (
    select
        guarantor_id,
        patient_id,
        sum(amount) as balance_total,
        sum(insurance_pending) as insurance_pending,
        sum(writeoff_pending) as writeoff_pending,
        sum(payplan_due) as payplan_due
    from {{ ref('int_ar_shared_calculations') }}
    where guarantor_id is not null
    group by guarantor_id, patient_id
),

patients_by_date as (
    select
        dates.as_of_date,
        dates.mode,
        accounts.guarantor_id,
        accounts.patient_id,
        {{ up_to_date('bucket_changes.charges_0_30') }} as charges_0_30,
        {{ up_to_date('bucket_changes.charges_31_60') }} as charges_31_60,
        {{ up_to_date('bucket_changes.charges_61_90') }} as charges_61_90,
        {{ up_to_date('bucket_changes.charges_over_90') }} as charges_over_90,
        {{ up_to_date('bucket_changes.credits') }} as credits,
        {{ on_date('bucket_changes', 'balance_total') }} as balance_total,
        {{ on_date('money_changes', 'insurance_pending') }} as insurance_pending,
        {{ on_date('money_changes', 'writeoff_pending') }} as writeoff_pending,
        {{ on_date('money_changes', 'payplan_due') }} as payplan_due,
        {{ up_to_date('money_changes.collected') }} as collected
    from accounts
    cross join dates
    left join bucket_changes
        on
            accounts.patient_id = bucket_changes.patient_id
            and dates.as_of_date = bucket_changes.as_of_date
    left join money_changes
        on
            accounts.patient_id = money_changes.patient_id
            and dates.as_of_date = money_changes.as_of_date
    window history as (partition by accounts.patient_id order by dates.as_of_date)
),

families_and_patients as (
    select
        as_of_date,
        mode,
        guarantor_id,
        patient_id,
        sum(charges_0_30) as charges_0_30,
        sum(charges_31_60) as charges_31_60,
        sum(charges_61_90) as charges_61_90,
        sum(charges_over_90) as charges_over_90,
        sum(credits) as credits,
        sum(balance_total) as balance_total,
        sum(insurance_pending) as insurance_pending,
        sum(writeoff_pending) as writeoff_pending,
        sum(payplan_due) as payplan_due,
        sum(collected) as collected
    from patients_by_date
    group by
        grouping sets (
            (as_of_date, mode, guarantor_id, patient_id), (as_of_date, mode, guarantor_id)
        )
),

aged as (
    {{ buckets_after_credits('families_and_patients', [
        'as_of_date', 'mode', 'guarantor_id', 'patient_id', 'balance_total',
        'insurance_pending', 'writeoff_pending', 'payplan_due', 'collected',
    ]) | indent }}
),

figures as (
    select
        as_of_date,
        mode,
        guarantor_id,
        patient_id,
        mode = 'running' and patient_id is null as has_cache,
        {{ aged_cents('balance_0_30') }} as balance_0_30,
        {{ aged_cents('balance_31_60') }} as balance_31_60,
        {{ aged_cents('balance_61_90') }} as balance_61_90,
        {{ aged_cents('balance_over_90') }} as balance_over_90,
        {{ aged_cents('balance_total') }} as balance_total,
        {{ aged_cents('insurance_pending + writeoff_pending') }} as insurance_estimate,
        {{ aged_cents('insurance_pending') }} as insurance_pending,
        {{ aged_cents('writeoff_pending') }} as writeoff_pending,
        {{ aged_cents('payplan_due') }} as payplan_due,
        {{ aged_cents('collected') }} as collected_last_30_days
    from aged
),

guarantors as (
    {{ collection_context(
        source('opendental', 'patient'),
        source('opendental', 'definition'),
        source('opendental', 'tsitranslog'),
        as_of
    ) | indent }}
)

select
    figures.as_of_date,
    figures.mode,
    figures.guarantor_id,
    figures.patient_id,
    guarantors.clinic_id,
    guarantors.billing_type_name,
    figures.balance_0_30,
    figures.balance_31_60,
    figures.balance_61_90,
    figures.balance_over_90,
    figures.balance_total,
    greatest(-figures.balance_total, 0) as credit_balance,
    figures.insurance_estimate,
    figures.insurance_pending,
    figures.writeoff_pending,
    figures.payplan_due,
    figures.balance_total - figures.insurance_estimate as patient_portion,
    case when figures.has_cache then guarantors.bal_total end as cached_balance_total,
    case when figures.has_cache then figures.balance_total - guarantors.bal_total end
        as difference_to_cache,
    figures.balance_total - lag(figures.balance_total) over (
        partition by figures.guarantor_id, figures.patient_id
        order by figures.as_of_date
    ) as balance_change_since_previous,
    figures.collected_last_30_days,
    coalesce(guarantors.is_in_collections, false) as is_in_collections
from figures
left join guarantors
    on figures.guarantor_id = guarantors.patient_id
