-- warn: Source tables some model reads that were never dropped; the models treat them as empty.
select wanted.relation as subject
from unnest(string_to_array('{{ sources }}', ',')) as wanted (relation)
left join ops.source_state as state
    on wanted.relation = state.source || '.' || state.table_name and state.batch <= {{ batch }}
where state.batch is null
