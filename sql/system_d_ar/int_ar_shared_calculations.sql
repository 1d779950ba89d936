-- The one list of what an account is made of. Negative adjustments, plan credits and linked
-- procedures age by the day of their procedure: net per patient, procedure and day (AgingProcLifo).
with settings as (
    {{ ledger_settings(source('opendental', 'preference')) | indent }}
),

-- The kinds of rows that are netted within their procedure, and plan rows that are not.
adjustments_and_plans as (
    {{ ledger_adjustments(source('opendental', 'adjustment')) | indent }}
    union all
    {{ payment_plan_entries(
        'settings',
        source('opendental', 'payplan'),
        source('opendental', 'payplancharge'),
        source('opendental', 'procedurelog'),
        as_of
    ) | indent }}
    union all
    (
        {{ payment_plan_link_credits(
            'settings',
            source('opendental', 'payplanlink'),
            source('opendental', 'payplan'),
            source('opendental', 'procedurelog'),
            source('opendental', 'adjustment'),
            source('opendental', 'claimproc'),
            source('opendental', 'paysplit')
        ) | indent(8) }}
    )
),

netted_rows as (
    select
        netted.transaction_type,
        netted.source_id,
        sum(netted.source_amount) over procedure_day as net_amount,
        coalesce(
            sum(netted.source_amount) filter (where netted.transaction_type != 'plan credit')
                over procedure_day,
            0
        ) as net_amount_without_credits,
        first_value(netted.procedure_date) over (
            procedure_day
            order by netted.transaction_type, netted.source_id
        ) as procedure_date,
        min(coalesce(netted.procedure_date, '-infinity')) over procedure_day
        != max(coalesce(netted.procedure_date, '-infinity')) over procedure_day
            as is_procedure_date_disputed
    from adjustments_and_plans as netted
    inner join settings
        on settings.offsets_by_procedure
    where
        netted.transaction_type in ('adjustment', 'plan credit', 'plan link')
        and netted.procedure_id is not null
        and netted.not_counted_because is null
    window procedure_day as (
        partition by netted.patient_id, netted.procedure_id, netted.transaction_date
    )
),

ledger_rows as (
    {{ ledger_procedures(source('opendental', 'procedurelog')) | indent }}
    union all
    {{ ledger_claim_lines(
        source('opendental', 'claimproc'), source('opendental', 'procedurelog')
    ) | indent }}
    union all
    {{ ledger_splits(
        'settings',
        source('opendental', 'paysplit'),
        source('opendental', 'payment'),
        source('opendental', 'definition'),
        source('opendental', 'payplan')
    ) | indent }}
    union all
    select adjustments_and_plans.*
    from adjustments_and_plans
)

select
    ledger.transaction_type,
    case ledger.transaction_type
        when 'procedure' then 'procedurelog'
        when 'insurance' then 'claimproc'
        when 'adjustment' then 'adjustment'
        when 'patient payment' then 'paysplit'
        when 'plan link' then 'payplanlink'
        when 'plan completed amount' then 'payplan'
        else 'payplancharge'
    end as source_table,
    ledger.source_id,
    ledger.patient_id,
    patients.guarantor_id,
    ledger.provider_id,
    ledger.clinic_id,
    ledger.procedure_id,
    ledger.transaction_date,
    case when netted.net_amount < 0 then netted.procedure_date else ledger.transaction_date end
        as aging_date,
    case when ledger.not_counted_because is null then ledger.source_amount else 0 end as amount,
    ledger.not_counted_because is null as counts,
    ledger.insurance_paid,
    ledger.writeoff,
    ledger.insurance_pending,
    ledger.writeoff_pending,
    ledger.is_income_transfer,
    coalesce(ledger.not_counted_because = 'hidden unearned', false) as is_hidden_unearned,
    settings.payplans_version as payplan_version,
    ledger.entry_date,
    ledger.not_counted_because,
    ledger.source_amount,
    coalesce(codes.proc_code, labels.item_name, ledger.claim_line_status, ledger.transaction_type)
        as transaction_label,
    ledger.procedure_date,
    netted.source_id is not null as is_netted,
    case
        when netted.transaction_type = 'plan credit' and netted.net_amount < 0
            then netted.procedure_date
        when netted.transaction_type != 'plan credit' and netted.net_amount_without_credits < 0
            then netted.procedure_date
        else ledger.transaction_date
    end as aging_date_without_credits,
    coalesce(netted.is_procedure_date_disputed, false) as is_procedure_date_disputed,
    ledger.claim_line_status,
    ledger.expected_payment,
    ledger.payplan_due,
    ledger.collected_amount,
    {{ row_metadata('ledger') }}
from ledger_rows as ledger
cross join settings
left join netted_rows as netted
    on
        ledger.transaction_type = netted.transaction_type
        and ledger.source_id = netted.source_id
left join {{ source('opendental', 'patient') }} as patients
    on ledger.patient_id = patients.patient_id
left join {{ source('opendental', 'procedurecode') }} as codes
    on
        ledger.label_id = codes.code_id
        and ledger.transaction_type = 'procedure'
left join {{ source('opendental', 'definition') }} as labels
    on
        ledger.label_id = labels.definition_id
        and labels.category = case ledger.transaction_type
            when 'adjustment' then 1
            when 'patient payment' then 10
        end
