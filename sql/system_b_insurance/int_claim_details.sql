-- Plan and carrier are those billed on the line, not the patient's coverage of today.
with claim_lines as (
    select
        *,
        {{ is_paid_line('status') }} as is_paid
    from {{ source('opendental', 'claimproc') }}
    where claim_id is not null
),

trackings as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 31
)

select
    claim_lines.claim_procedure_id,
    claim_lines.claim_id,
    claim_lines.procedure_id,
    claim_lines.patient_id,
    claim_lines.plan_id,
    ins_plans.carrier_id,
    claims.prov_treat_id as treating_provider_id,
    claims.prov_bill_id as billing_provider_id,
    claim_lines.clinic_id,
    claims.claim_type,
    {{ label('ClaimType', 'claims.claim_type') }} as claim_type_name,
    claims.claim_status,
    {{ label('ClaimStatus', 'claims.claim_status') }} as claim_status_name,
    coalesce(claims.claim_type = 'PreAuth' or claim_lines.status = 2, false) as is_preauth,
    carriers.carrier_name,
    claims.date_service as service_date,
    claims.date_sent as sent_date,
    claims.date_sent_orig as original_sent_date,
    claims.date_received as received_date,
    {{ label('ClaimProcStatus', 'claim_lines.status') }} as line_status,
    claim_lines.fee_billed as billed_amount,
    claim_lines.ins_pay_est as estimated_insurance_amount,
    case when claim_lines.is_paid then claim_lines.ins_pay_amt end as paid_amount,
    case when claim_lines.is_paid then claim_lines.write_off end as writeoff_amount,
    case when claim_lines.is_paid then claim_lines.ded_applied end as deductible_amount,
    claim_lines.allowed_override as allowed_amount,
    case
        when claims.claim_type = 'PreAuth' then null
        when claim_lines.is_paid
            then claim_lines.fee_billed - claim_lines.ins_pay_amt - claim_lines.write_off
        when claim_lines.status = 0
            then claim_lines.fee_billed - claim_lines.ins_pay_est - claim_lines.write_off
    end as patient_portion,
    case
        when claims.claim_status = 'R'
            then {{ days_between('claims.date_sent', 'claims.date_received') }}
    end as days_sent_to_received,
    case
        when
            claims.date_sent <= '{{ as_of }}'::date
            and (
                claims.claim_status in ('S', 'P')
                or (claims.claim_status = 'R' and claims.date_received > '{{ as_of }}'::date)
            )
            then {{ days_between('claims.date_sent', "'" ~ as_of ~ "'") }}
    end as days_outstanding_at_as_of,
    trackings.item_name as custom_tracking_name,
    coalesce(
        claim_lines.status = 1 and claim_lines.ins_pay_amt = 0 and claim_lines.fee_billed > 0, false
    ) as denial_indicator,
    {{ row_metadata('claim_lines') }}
from claim_lines
left join {{ source('opendental', 'claim') }} as claims
    on claim_lines.claim_id = claims.claim_id
left join {{ source('opendental', 'insplan') }} as ins_plans
    on claim_lines.plan_id = ins_plans.plan_id
left join {{ source('opendental', 'carrier') }} as carriers
    on ins_plans.carrier_id = carriers.carrier_id
left join trackings
    on claims.custom_tracking_id = trackings.definition_id
