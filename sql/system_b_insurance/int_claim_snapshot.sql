-- A snapshot is compared with its own claim line, and only once that line counts as paid.
with claim_lines as (
    select
        *,
        {{ is_paid_line('status') }} as is_paid
    from {{ source('opendental', 'claimproc') }}
),

compared as (
    select
        snapshots.claim_snapshot_id,
        snapshots.claim_procedure_id,
        claim_lines.claim_id,
        snapshots.procedure_id,
        claim_lines.patient_id,
        claim_lines.plan_id,
        snapshots.date_t_entry,
        snapshots.snapshot_trigger,
        snapshots.fee,
        snapshots.ins_pay_est,
        snapshots.writeoff,
        claim_lines.status,
        case when claim_lines.is_paid then claim_lines.ins_pay_amt end as actual_payment,
        case when claim_lines.is_paid then claim_lines.write_off end as actual_writeoff,
        case
            when claim_lines.is_paid then nullif(claim_lines.date_cp, '0001-01-01')
        end as payment_date,
        {{ row_metadata('snapshots') }}
    from {{ source('opendental', 'claimsnapshot') }} as snapshots
    left join claim_lines
        on snapshots.claim_procedure_id = claim_lines.claim_procedure_id
)

select
    compared.claim_snapshot_id,
    compared.claim_procedure_id,
    compared.claim_id,
    compared.procedure_id,
    compared.patient_id,
    compared.plan_id,
    compared.date_t_entry as snapshot_at,
    {{ label('ClaimSnapshotTrigger', 'compared.snapshot_trigger') }} as snapshot_trigger,
    compared.fee as snapshot_fee,
    compared.ins_pay_est as estimated_payment,
    compared.writeoff as estimated_writeoff,
    compared.actual_payment,
    compared.actual_writeoff,
    compared.actual_payment - compared.ins_pay_est as payment_variance,
    compared.actual_writeoff - compared.writeoff as writeoff_variance,
    round(
        100 * compared.actual_payment / nullif(compared.ins_pay_est, 0), 2
    ) as estimate_accuracy_pct,
    {{ label('ClaimProcStatus', 'compared.status') }} as line_status,
    claims.claim_status,
    {{ label('ClaimStatus', 'claims.claim_status') }} as claim_status_name,
    rank() over (
        partition by coalesce(compared.claim_procedure_id, -compared.claim_snapshot_id)
        order by compared.date_t_entry desc, compared.claim_snapshot_id desc
    ) = 1 as is_latest_snapshot,
    {{ days_between('compared.date_t_entry', 'compared.payment_date') }}
        as days_snapshot_to_payment,
    {{ row_metadata('compared') }}
from compared
left join {{ source('opendental', 'claim') }} as claims
    on compared.claim_id = claims.claim_id
