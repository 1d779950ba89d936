-- TODO: what the query cannot say (a decision, an odd habit of the source), or no comment at all.
select
    adjustments.adjustment_id,
    adjustments.patient_id,
    adjustments.provider_id,
    adjustments.adj_date as adjustment_date,
    coalesce(adjustments.adj_amt, 0) as adjustment_amount,
    {{ row_metadata('adjustments') }}
from {{ source('opendental', 'adjustment') }} as adjustments
