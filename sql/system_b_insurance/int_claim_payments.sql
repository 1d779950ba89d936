-- A check's own facts repeat on each of its lines: add them up where is_first_line_of_check.
with check_lines as (
    select
        claim_procedure_id,
        claim_id,
        claim_payment_id,
        procedure_id,
        patient_id,
        status,
        nullif(date_cp, '0001-01-01') as payment_date,
        case when {{ is_paid_line('status') }} then ins_pay_amt end as paid_amount,
        case when {{ is_paid_line('status') }} then write_off end as writeoff_amount,
        _created_at,
        _updated_at
    from {{ source('opendental', 'claimproc') }}
    where claim_payment_id is not null
),

check_totals as (
    select
        claim_payment_id,
        min(claim_procedure_id) as first_line_id,
        coalesce(sum(paid_amount), 0) as line_total
    from check_lines
    group by claim_payment_id
),

check_files as (
    select
        claim_payment_id,
        count(*) as file_count
    from {{ source('opendental', 'eobattach') }}
    group by claim_payment_id
),

payment_types as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 32
)

select
    check_lines.claim_procedure_id,
    check_lines.claim_id,
    check_lines.claim_payment_id,
    check_lines.procedure_id,
    check_lines.patient_id,
    checks.check_num as check_number,
    checks.check_amt as check_amount,
    checks.check_date,
    checks.date_issued as issued_date,
    checks.carrier_name,
    payment_types.item_name as payment_type_name,
    check_lines.payment_date,
    check_lines.paid_amount,
    check_lines.writeoff_amount,
    check_lines.status = 4 as is_supplemental,
    coalesce(check_lines.paid_amount < 0, false) as is_reversal,
    dense_rank() over (
        partition by coalesce(check_lines.claim_id, -check_lines.claim_procedure_id)
        order by checks.check_date, check_lines.claim_payment_id
    ) as payment_sequence_in_claim,
    check_lines.claim_procedure_id = check_totals.first_line_id as is_first_line_of_check,
    check_totals.line_total as check_line_total,
    checks.check_amt - check_totals.line_total as check_out_of_balance,
    checks.is_partial,
    {{ days_between('claims.date_service', 'check_lines.payment_date') }}
        as days_service_to_payment,
    {{ days_between('claims.date_sent', 'check_lines.payment_date') }} as days_sent_to_payment,
    coalesce(check_files.file_count, 0) as eob_attachment_count,
    deposits.date_deposit as deposit_date,
    {{ row_metadata('check_lines') }}
from check_lines
inner join check_totals
    on check_lines.claim_payment_id = check_totals.claim_payment_id
left join {{ source('opendental', 'claimpayment') }} as checks
    on check_lines.claim_payment_id = checks.claim_payment_id
left join {{ source('opendental', 'claim') }} as claims
    on check_lines.claim_id = claims.claim_id
left join {{ source('opendental', 'deposit') }} as deposits
    on checks.deposit_id = deposits.deposit_id
left join payment_types
    on checks.pay_type_id = payment_types.definition_id
left join check_files
    on check_lines.claim_payment_id = check_files.claim_payment_id
