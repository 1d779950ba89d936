-- Completed work carries a planning date even when nobody planned it: its own. Only an earlier date
-- or a treatment plan shows that work was planned.
with charted as (
    select
        *,
        case
            when is_completed then coalesce(date_completed, nullif(procedure_date, '0001-01-01'))
        end as completed_date
    from {{ ref('int_procedure_complete') }}
    where procedure_status in (1, 2, 5, 8)
),

plan_facts as (
    {{ plan_facts(
        source('opendental', 'treatplanattach'),
        source('opendental', 'proctp'),
        source('opendental', 'treatplan')
    ) | indent }}
),

estimates as (
    {{ newest_estimates(
        source('opendental', 'proctp'), source('opendental', 'treatplan')
    ) | indent }}
),

plannings as (
    select
        charted.procedure_id,
        coalesce(charted.date_planned, estimates.planned_date) as planned_date,
        coalesce(estimates.planned_fee, charted.gross_fee) as planned_fee
    from charted
    left join plan_facts
        on charted.procedure_id = plan_facts.procedure_id
    left join estimates
        on charted.procedure_id = estimates.procedure_id
    where
        charted.is_planned
        or plan_facts.procedure_id is not null
        or charted.date_planned < charted.procedure_date
),

referrals as (
    select distinct procedure_id
    from {{ source('opendental', 'refattach') }}
    where ref_type = 0
),

claims as (
    select
        procedure_id,
        min(coalesce(original_sent_date, sent_date)) filter (where claim_status in ('P', 'S', 'R'))
            as first_sent_date,
        max(received_date) filter (where claim_status = 'R') as received_date
    from {{ ref('int_claim_details') }}
    where claim_type in ('P', 'Cap') and not is_preauth
    group by procedure_id
),

settlements as (
    {{ settlements(ref('int_ar_shared_calculations'), as_of) | indent }}
),

administrative_codes as (
    {{ administrative_codes(source('practice', 'administrative_code')) | indent }}
)

select
    charted.procedure_id,
    charted.patient_id,
    charted.provider_id,
    charted.clinic_id,
    charted.procedure_code as code,
    charted.category_name as category,
    charted.is_completed,
    plannings.procedure_id is not null as was_planned,
    plannings.planned_date,
    coalesce(plan_facts.is_on_active_plan, false) as is_on_active_plan,
    plan_facts.treatment_plan_id,
    plan_facts.plan_signed_at,
    plan_facts.presenter_user_id,
    case when bookings.appointment_status != 3 then bookings.scheduled_start end as scheduled_at,
    charted.appointment_id,
    bookings.created_at as first_scheduled_created_at,
    charted.completed_date,
    claims.first_sent_date as claim_first_sent_date,
    claims.received_date as claim_received_date,
    settlements.first_payment_date,
    settlements.paid_in_full_date,
    case
        when settlements.is_paid_in_full then 'paid'
        when charted.is_completed and claims.received_date <= '{{ as_of }}'::date
            then 'insurance received'
        when charted.is_completed and claims.first_sent_date <= '{{ as_of }}'::date then 'claimed'
        when charted.is_completed then 'completed'
        when charted.procedure_status = 5 or referrals.procedure_id is not null then 'referred'
        when bookings.appointment_status = 1 and bookings.scheduled_start >= '{{ as_of }}'::date
            then 'scheduled'
        when plannings.planned_date < '{{ as_of }}'::date - 365 then 'abandoned'
        else 'planned'
    end as journey_stage,
    case
        when bookings.created_at < plannings.planned_date then 0
        else {{ days_between('plannings.planned_date', 'bookings.created_at') }}
    end as days_planned_to_scheduled,
    {{ days_between('plannings.planned_date', 'charted.completed_date') }}
        as days_planned_to_completed,
    {{ days_between('charted.completed_date', 'settlements.paid_in_full_date') }}
        as days_completed_to_paid,
    plannings.planned_fee,
    charted.gross_fee,
    coalesce(balances.insurance_paid, 0) as insurance_paid,
    coalesce(balances.insurance_writeoff, 0) as writeoff,
    coalesce(balances.adjustment_total, 0) as adjustments,
    coalesce(balances.patient_paid, 0) as patient_paid,
    coalesce(balances.payplan_total, 0) as payplan_total,
    coalesce(balances.current_balance, 0) as balance,
    estimates.insurance_amount + estimates.patient_amount as estimate_at_plan,
    estimates.insurance_amount as insurance_estimate_at_plan,
    estimates.patient_amount as patient_estimate_at_plan,
    plannings.planned_date = charted.completed_date as is_same_day,
    coalesce(charted.gross_fee, 0) = 0 or administrative_codes.procedure_code is not null
        as is_administrative_code,
    {{ row_metadata('charted') }}
from charted
left join plannings
    on charted.procedure_id = plannings.procedure_id
left join plan_facts
    on charted.procedure_id = plan_facts.procedure_id
left join estimates
    on charted.procedure_id = estimates.procedure_id
left join {{ ref('int_appointment_details') }} as bookings
    on
        charted.appointment_id = bookings.appointment_id
        and bookings.appointment_status != 6
        and not bookings.is_deleted
left join referrals
    on charted.procedure_id = referrals.procedure_id
left join claims
    on charted.procedure_id = claims.procedure_id
left join settlements
    on charted.procedure_id = settlements.procedure_id
left join {{ ref('int_ar_balance') }} as balances
    on charted.procedure_id = balances.procedure_id
left join administrative_codes
    on charted.procedure_code = administrative_codes.procedure_code
