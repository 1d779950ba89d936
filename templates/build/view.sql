create view {{ schema }}.{{ model }} as
select
    {{ columns }},
    '{{ loaded_at }}'::timestamptz as _loaded_at,
    {{ batch }} as _batch,
    '{{ transformed_at }}'::timestamptz as _transformed_at
from store.{{ table }}
