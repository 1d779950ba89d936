-- warn: Ledger rows whose patient is in no file; they are kept, outside every family.
select
    source_table as subject,
    count(*) as orphan_rows,
    sum(amount) as amount
from {{ ref('int_ar_shared_calculations') }}
where guarantor_id is null
group by source_table
order by source_table
