-- TODO: what the query cannot say (a decision, an odd habit of the source), or no comment at all.
select
    providers.provider_id,
    coalesce(nullif(providers.abbr, ''), providers.l_name) as provider_label,
    providers.hourly_prod_goal_amt as hourly_production_goal,
    {{ row_metadata('providers') }}
from {{ source('opendental', 'provider') }} as providers
