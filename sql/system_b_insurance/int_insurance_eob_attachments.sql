-- Checks without a file have no row here: they are in int_claim_payments, eob_attachment_count 0.
with attached_checks as (
    select distinct claim_payment_id
    from {{ source('opendental', 'eobattach') }}
    where claim_payment_id is not null
),

check_contents as (
    select
        claim_lines.claim_payment_id,
        count(distinct claim_lines.claim_id) as claim_count,
        count(distinct claim_lines.patient_id) as patient_count
    from {{ source('opendental', 'claimproc') }} as claim_lines
    inner join attached_checks
        on claim_lines.claim_payment_id = attached_checks.claim_payment_id
    group by claim_lines.claim_payment_id
)

select
    files.eob_attach_id,
    files.claim_payment_id,
    files.date_t_created as attached_at,
    lower(substring(files.file_name from '\.([[:alnum:]]{1,5})$')) as file_extension,
    files.raw_base64 as has_inline_content,
    checks.check_amt as check_amount,
    checks.check_date,
    checks.carrier_name,
    checks.is_partial,
    coalesce(check_contents.claim_count, 0) as claim_count,
    coalesce(check_contents.patient_count, 0) as patient_count,
    {{ days_between('checks.check_date', 'files.date_t_created') }} as days_check_to_attachment,
    rank() over (
        partition by coalesce(files.claim_payment_id, -files.eob_attach_id)
        order by files.date_t_created, files.eob_attach_id
    ) as attachment_rank,
    {{ row_metadata('files') }}
from {{ source('opendental', 'eobattach') }} as files
left join {{ source('opendental', 'claimpayment') }} as checks
    on files.claim_payment_id = checks.claim_payment_id
left join check_contents
    on files.claim_payment_id = check_contents.claim_payment_id
