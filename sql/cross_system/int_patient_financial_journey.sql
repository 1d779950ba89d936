-- A row without a day goes to the account's first month and one of a later day to the as-of month,
-- so the last month closes with what the account owes in running mode.
with activity_months as (
    {{ financial_months(
        ref('int_ar_shared_calculations'),
        ref('int_payment_split'),
        ref('int_billing_statements'),
        ref('int_collection_communication'),
        as_of
    ) | indent }}
),

running_totals as (
    select
        *,
        sum(balance_change) over so_far as closing_balance,
        sum(payplan_due_change) over so_far as payplan_due,
        sum(unearned_change) over so_far as unearned_balance,
        sum(gross_production + adjustments - writeoffs) over so_far as lifetime_net_production,
        sum(insurance_collected + patient_collected) over so_far as lifetime_collected,
        max(activity_month_number) filter (where is_ledger) over so_far as last_ledger_month_number,
        coalesce(lead(activity_month_number) over so_far, last_month_number + 1)
        - activity_month_number as months_to_next,
        min(first_charge_date) over patient_rows as patient_first_charge_date,
        min(first_payment_date) over patient_rows as patient_first_payment_date,
        min(first_statement_date) over patient_rows as patient_first_statement_date
    from activity_months
    window
        patient_rows as (partition by patient_id),
        so_far as (partition by patient_id order by activity_month_number)
),

-- Every month that had activity, or closed with money owed or held, and the as-of month; what
-- happened is of its month alone (in_month 1).
journey as (
    select
        *,
        activity_month_number + months_later as month_number,
        {{ month_start('(activity_month_number + months_later)') }} as month_start,
        case
            when activity_month_number + months_later = last_month_number then '{{ as_of }}'::date
            else {{ month_start('(activity_month_number + months_later + 1)') }} - 1
        end as month_end,
        case when months_later = 0 then 1 else 0 end as in_month
    from running_totals
    cross join lateral generate_series(0, months_to_next - 1) as months_later
    where
        months_later = 0
        or round(closing_balance, 2) != 0
        or round(unearned_balance, 2) != 0
        or activity_month_number + months_later = last_month_number
),

placements as (
    {{ agency_placements(source('opendental', 'tsitranslog'), as_of) | indent }}
),

first_placements as (
    select
        patient_id,
        min(placed_on) as first_placement_date
    from placements
    where is_open
    group by patient_id
),

open_payplans as (
    {{ payplans_by_month(
        source('opendental', 'payplan'), source('opendental', 'payplancharge'), as_of
    ) | indent }}
)

select
    journey.patient_id,
    patients.guarantor_id,
    journey.month_start,
    journey.gross_production * journey.in_month as gross_production,
    journey.writeoffs * journey.in_month as writeoffs,
    journey.adjustments * journey.in_month as adjustments,
    (journey.gross_production + journey.adjustments - journey.writeoffs) * journey.in_month
        as net_production,
    journey.insurance_collected * journey.in_month as insurance_collected,
    journey.patient_collected * journey.in_month as patient_collected,
    (journey.insurance_collected + journey.patient_collected) * journey.in_month as total_collected,
    (journey.insurance_collected + journey.patient_collected) / nullif(
        (journey.gross_production + journey.adjustments - journey.writeoffs) * journey.in_month, 0
    ) as collection_ratio,
    journey.closing_balance - journey.balance_change * journey.in_month as opening_balance,
    (
        journey.balance_change
        - (journey.gross_production + journey.adjustments - journey.writeoffs)
        + journey.insurance_collected
        + journey.patient_collected
    ) * journey.in_month as other_balance_change,
    journey.closing_balance,
    aging.balance_over_90 as closing_over_90,
    aging.insurance_pending as closing_insurance_pending,
    journey.unearned_balance,
    journey.statements_sent * journey.in_month as statements_sent,
    journey.financial_contacts * journey.in_month as financial_contacts,
    coalesce(open_payplans.active_payplan_count, 0) as active_payplan_count,
    journey.payplan_due,
    journey.patient_first_charge_date as first_charge_date,
    journey.patient_first_payment_date as first_payment_date,
    journey.patient_first_statement_date as first_statement_date,
    first_placements.first_placement_date,
    case
        when placements.is_open or families.is_in_collections then 'in collections'
        when round(journey.closing_balance, 2) < 0 then 'credit'
        when round(journey.closing_balance, 2) > 0 and open_payplans.active_payplan_count > 0
            then 'payment plan'
        when aging.balance_over_90 > 0 then 'delinquent'
        when aging.balance_31_60 + aging.balance_61_90 > 0 then 'slow'
        when round(journey.closing_balance, 2) > 0 and aging.as_of_date is null then null
        when round(journey.closing_balance, 2) > 0 then 'current'
        when journey.month_number - journey.last_ledger_month_number < 12 then 'current'
        else 'inactive'
    end as financial_status,
    journey.lifetime_net_production,
    journey.lifetime_collected
from journey
left join {{ ref('int_patient_profile') }} as patients
    on journey.patient_id = patients.patient_id
left join {{ ref('int_ar_aging_snapshot') }} as aging
    on
        journey.patient_id = aging.patient_id
        and journey.month_end = aging.as_of_date
-- Who only guarantees has no aging of its own; the family's row says who is in collections.
left join {{ ref('int_ar_aging_snapshot') }} as families
    on
        journey.patient_id = families.guarantor_id
        and journey.month_end = families.as_of_date
        and families.patient_id is null
        and families.mode = 'running'
left join placements
    on
        journey.patient_id = placements.patient_id
        and placements.is_open
        and journey.month_end >= placements.placed_on
        and journey.month_end < placements.ended_on
left join first_placements
    on journey.patient_id = first_placements.patient_id
left join open_payplans
    on
        journey.patient_id = open_payplans.patient_id
        and journey.month_number = open_payplans.month_number
