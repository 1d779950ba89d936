-- Money is dated by DateCP, never by a check: a received line counts before its check is entered.
with payment_types as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 32
),

-- The log holds every look at a line; the newest entry is the one in force.
blue_book_entries as (
    select distinct on (claim_procedure_id)
        claim_procedure_id,
        allowed_fee
    from {{ source('opendental', 'insbluebooklog') }}
    order by claim_procedure_id asc, date_t_entry desc nulls last, ins_blue_book_log_id desc
),

blue_book_procedures as (
    select
        claim_id,
        procedure_id
    from {{ source('opendental', 'insbluebook') }}
    group by claim_id, procedure_id
)

select
    claim_lines.claim_procedure_id,
    claim_lines.claim_id,
    claim_lines.claim_payment_id,
    claim_lines.patient_id,
    claim_lines.provider_id,
    claim_lines.clinic_id,
    claim_lines.procedure_id,
    claim_lines.plan_id,
    ins_plans.carrier_id,
    carriers.carrier_name,
    claims.claim_type,
    {{ label('ClaimProcStatus', 'claim_lines.status') }} as claim_line_status,
    charted.proc_status as procedure_status,
    claim_lines.proc_date as procedure_date,
    claim_lines.date_cp as payment_date,
    checks.check_date,
    checks.date_issued as check_issued_date,
    payment_types.item_name as insurance_payment_type_name,
    coalesce(claim_lines.ins_pay_amt, 0) as insurance_paid_amount,
    coalesce(claim_lines.write_off, 0) as writeoff_amount,
    claim_lines.ins_pay_est as estimated_amount,
    coalesce(claim_lines.ins_pay_amt, 0) - claim_lines.ins_pay_est as estimate_variance,
    claim_lines.ded_applied as deductible_amount,
    claim_lines.allowed_override as allowed_amount,
    blue_book_entries.allowed_fee as blue_book_allowed_amount,
    blue_book_procedures.claim_id is not null as is_in_blue_book,
    claim_lines.claim_payment_id is not null as is_finalized,
    claim_lines.procedure_id is null as is_by_total,
    coalesce(claim_lines.is_transfer, false) as is_transfer,
    coalesce(claim_lines.is_overpay, false) as is_overpay,
    claim_lines.payplan_id is not null as is_payplan_tracked,
    claim_lines.procedure_id is null or coalesce(charted.proc_status = 2, false) as counts_in_ar,
    {{ row_metadata('claim_lines') }}
from {{ source('opendental', 'claimproc') }} as claim_lines
left join {{ source('opendental', 'claim') }} as claims
    on claim_lines.claim_id = claims.claim_id
left join {{ source('opendental', 'procedurelog') }} as charted
    on claim_lines.procedure_id = charted.procedure_id
left join {{ source('opendental', 'claimpayment') }} as checks
    on claim_lines.claim_payment_id = checks.claim_payment_id
left join payment_types
    on checks.pay_type_id = payment_types.definition_id
left join {{ source('opendental', 'insplan') }} as ins_plans
    on claim_lines.plan_id = ins_plans.plan_id
left join {{ source('opendental', 'carrier') }} as carriers
    on ins_plans.carrier_id = carriers.carrier_id
left join blue_book_entries
    on claim_lines.claim_procedure_id = blue_book_entries.claim_procedure_id
left join blue_book_procedures
    on
        claim_lines.claim_id = blue_book_procedures.claim_id
        and claim_lines.procedure_id = blue_book_procedures.procedure_id
where {{ is_paid_line('claim_lines.status') }}
