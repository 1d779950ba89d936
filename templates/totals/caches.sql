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
    count(*) as families,
    count(*) filter (where is_comparable) as compared,
    count(*) filter (where {{ differs_from_caches() | indent }}) as different
from families
