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
    'int_ar_aging_snapshot' as subject,
    'against the caches' as part,
    count(*) as family_count,
    count(*) filter (where is_comparable) as compared_count,
    count(*) filter (where {{ differs_from_caches() | indent }}) as different_count
from families
