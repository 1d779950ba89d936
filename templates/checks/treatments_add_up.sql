-- error: A treatment's money in its journey is what the receivable has for the procedure.
select
    coalesce(balances.procedure_id, journeys.procedure_id) as procedure_id,
    balances.current_balance as in_balances,
    journeys.balance as in_journeys
from {{ ref('int_ar_balance') }} as balances
full join {{ ref('int_treatment_journey') }} as journeys
    on balances.procedure_id = journeys.procedure_id
where
    coalesce(balances.procedure_id, 1) != 0
    and (
        coalesce(balances.current_balance, 0) != coalesce(journeys.balance, 0)
        or coalesce(balances.insurance_paid, 0) != coalesce(journeys.insurance_paid, 0)
        or coalesce(balances.insurance_writeoff, 0) != coalesce(journeys.writeoff, 0)
        or coalesce(balances.adjustment_total, 0) != coalesce(journeys.adjustments, 0)
        or coalesce(balances.patient_paid, 0) != coalesce(journeys.patient_paid, 0)
    )
order by coalesce(balances.procedure_id, journeys.procedure_id)
