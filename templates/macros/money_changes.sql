{# How estimates, plan payments and money received change on which snapshot date. A line received
   after a date was pending then, at today's estimate (only Received ones). Plan charges are due as
   of the build's own day at every date, as in the practice system; money counts for 30 days. #}
{% macro money_changes(ledger, as_of) -%}
with estimates as (
    select
        patient_id,
        procedure_date as pending_from,
        case when counts then transaction_date end as pending_until,
        case when counts then expected_payment else insurance_pending end as insurance_pending,
        case when counts then writeoff else writeoff_pending end as writeoff_pending
    from {{ ledger }}
    where
        not_counted_because = 'pending'
        or (
            counts
            and claim_line_status = 'Received'
            and transaction_date > procedure_date
            and transaction_date > {{ first_snapshot_date(as_of) }}
        )
),

collections as (
    select
        patient_id,
        transaction_date,
        collected_amount as collected
    from {{ ledger }}
    where collected_amount != 0 and transaction_date > {{ first_snapshot_date(as_of) }} - 30
),

changes as (
    select
        patient_id,
        pending_from as change_date,
        insurance_pending,
        writeoff_pending,
        0 as payplan_due,
        0 as collected
    from estimates
    union all
    select
        patient_id,
        pending_until as change_date,
        -insurance_pending as insurance_pending,
        -writeoff_pending as writeoff_pending,
        0 as payplan_due,
        0 as collected
    from estimates
    union all
    select
        patient_id,
        case
            when transaction_type = 'plan debit' then {{ first_snapshot_date(as_of) }}
            else transaction_date
        end as change_date,
        0 as insurance_pending,
        0 as writeoff_pending,
        payplan_due,
        0 as collected
    from {{ ledger }}
    where payplan_due != 0
    union all
    select
        patient_id,
        transaction_date as change_date,
        0 as insurance_pending,
        0 as writeoff_pending,
        0 as payplan_due,
        collected
    from collections
    union all
    select
        patient_id,
        transaction_date + 30 as change_date,
        0 as insurance_pending,
        0 as writeoff_pending,
        0 as payplan_due,
        -collected as collected
    from collections
)

select
    patient_id,
    {{ next_snapshot_date('change_date', as_of) }} as as_of_date,
    sum(insurance_pending) as insurance_pending,
    sum(writeoff_pending) as writeoff_pending,
    sum(payplan_due) as payplan_due,
    sum(collected) as collected
from changes
group by
    patient_id,
    {{ next_snapshot_date('change_date', as_of) }}
{%- endmacro %}
