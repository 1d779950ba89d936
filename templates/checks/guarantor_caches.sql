-- warn: Families whose balance and buckets are not what the practice system kept for that day.
with families as (
    {{ families_and_caches(
        ref('int_ar_aging_snapshot'),
        ref('int_ar_shared_calculations'),
        source('opendental', 'patient'),
        source('opendental', 'preference'),
        as_of
    ) | indent }}
)

select
    guarantor_id,
    balance_total,
    balance_0_30,
    balance_31_60,
    balance_61_90,
    balance_over_90,
    insurance_estimate,
    payplan_due
from families
where {{ differs_from_caches() }}
order by guarantor_id
