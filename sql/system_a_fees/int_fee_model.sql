-- Coverage is as it stands now: the practice system deletes a dropped plan's row. A fee row with no
-- amount blanks the fee for its clinic or provider, so it must win its lookup and then stay empty.
with primary_plans as (
    select distinct on (patplans.patient_id)
        patplans.patient_id,
        insplans.fee_schedule_id
    from {{ source('opendental', 'patplan') }} as patplans
    left join {{ source('opendental', 'inssub') }} as inssubs
        on patplans.inssub_id = inssubs.inssub_id
    left join {{ source('opendental', 'insplan') }} as insplans
        on inssubs.plan_id = insplans.plan_id
    order by patplans.patient_id, patplans.ordinal, patplans.patplan_id
),

members as (
    select distinct on (charted.procedure_id)
        charted.procedure_id,
        discount_plans.fee_schedule_id
    from {{ ref('int_procedure_complete') }} as charted
    inner join {{ source('opendental', 'discountplansub') }} as subs
        on
            charted.patient_id = subs.patient_id
            and charted.procedure_date >= coalesce(subs.date_effective, '-infinity')
            and charted.procedure_date <= coalesce(subs.date_term, 'infinity')
    left join {{ source('opendental', 'discountplan') }} as discount_plans
        on subs.discount_plan_id = discount_plans.discount_plan_id
    order by
        charted.procedure_id asc, subs.date_effective desc nulls last, subs.discount_sub_id asc
),

charged as (
    select
        charted.*,
        coalesce(primary_plans.fee_schedule_id, members.fee_schedule_id, patients.fee_schedule_id)
            as own_schedule_id,
        coalesce(providers.fee_schedule_id, practice_providers.fee_schedule_id) as ucr_schedule_id
    from {{ ref('int_procedure_complete') }} as charted
    left join {{ source('opendental', 'provider') }} as providers
        on charted.provider_id = providers.provider_id
    left join {{ source('opendental', 'provider') }} as practice_providers
        on
            {{ preference(source('opendental', 'preference'), 'PracticeDefaultProv', '0') }}
            = practice_providers.provider_id::text
    left join {{ source('opendental', 'patient') }} as patients
        on charted.patient_id = patients.patient_id
    left join primary_plans
        on charted.patient_id = primary_plans.patient_id
    left join members
        on charted.procedure_id = members.procedure_id
    where charted.unit_fee != 0
),

places as (
    select distinct
        code_id,
        coalesce(clinic_id, 0) as clinic_id,
        coalesce(provider_id, 0) as provider_id
    from {{ ref('int_procedure_complete') }}
),

scheduled as (
    select distinct on (fees.fee_schedule_id, fees.code_id, places.clinic_id, places.provider_id)
        fees.fee_schedule_id,
        fees.code_id,
        places.clinic_id,
        places.provider_id,
        fees.amount
    from {{ source('opendental', 'fee') }} as fees
    inner join places
        on
            fees.code_id = places.code_id
            and coalesce(fees.clinic_id, places.clinic_id) = places.clinic_id
            and coalesce(fees.provider_id, places.provider_id) = places.provider_id
    left join {{ source('opendental', 'feesched') }} as fee_schedules
        on fees.fee_schedule_id = fee_schedules.fee_schedule_id
    where fee_schedules.is_global is not true or coalesce(fees.clinic_id, fees.provider_id) is null
    order by
        fees.fee_schedule_id, fees.code_id, places.clinic_id, places.provider_id,
        (fees.provider_id is null), (fees.clinic_id is null), fees.fee_id
),

adjusted as (
    select
        procedure_id,
        sum(adjustment_amount) as adjustment_amount,
        min(type_direction) as first_direction,
        max(type_direction) as last_direction
    from {{ ref('int_adjustments') }}
    group by procedure_id
),

written_off as (
    select
        procedure_id,
        sum(write_off) as write_off
    from {{ source('opendental', 'claimproc') }}
    where {{ is_paid_line('status') }}
    group by procedure_id
)

select
    charged.procedure_id,
    charged.patient_id,
    charged.provider_id,
    charged.clinic_id,
    charged.code_id,
    charged.procedure_date,
    charged.procedure_status,
    charged.is_completed,
    charged.unit_fee,
    charged.units,
    charged.gross_fee,
    charged.ucr_schedule_id as ucr_fee_schedule_id,
    ucr.amount as ucr_fee,
    coalesce(charged.own_schedule_id, charged.ucr_schedule_id) as applicable_fee_schedule_id,
    contracted.amount as contracted_fee,
    charged.gross_fee - ucr.amount * charged.units as fee_variance_to_ucr,
    round(100 * (charged.gross_fee / nullif(ucr.amount * charged.units, 0) - 1), 2)
        as fee_variance_pct,
    coalesce(adjusted.adjustment_amount, 0) as procedure_adjustments,
    case
        when adjusted.procedure_id is null then 'none'
        when adjusted.first_direction != adjusted.last_direction then 'mixed'
        when adjusted.first_direction = '+' then 'charge'
        when adjusted.first_direction = '-' then 'discount'
        when adjusted.first_direction = 'dp' then 'discount plan'
        else 'unknown'
    end as discount_category,
    coalesce(written_off.write_off, 0) as insurance_writeoff,
    charged.gross_fee + coalesce(adjusted.adjustment_amount, 0)
    - coalesce(written_off.write_off, 0) as net_fee,
    {{ row_metadata('charged') }}
from charged
left join scheduled as ucr
    on
        charged.ucr_schedule_id = ucr.fee_schedule_id
        and charged.code_id = ucr.code_id
        and coalesce(charged.clinic_id, 0) = ucr.clinic_id
        and coalesce(charged.provider_id, 0) = ucr.provider_id
left join scheduled as contracted
    on
        coalesce(charged.own_schedule_id, charged.ucr_schedule_id) = contracted.fee_schedule_id
        and charged.code_id = contracted.code_id
        and coalesce(charged.clinic_id, 0) = contracted.clinic_id
        and coalesce(charged.provider_id, 0) = contracted.provider_id
left join adjusted
    on charged.procedure_id = adjusted.procedure_id
left join written_off
    on charged.procedure_id = written_off.procedure_id
