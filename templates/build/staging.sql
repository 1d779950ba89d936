create view {{ schema }}.{{ relation }} as
select
    {{ columns }}
from raw.{{ relation }}
where _batch_from <= {{ batch }} and _batch_to > {{ batch }}
