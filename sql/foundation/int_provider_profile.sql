-- A specialty is a definition looked up by its key; it is never matched by its text.
with specialties as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 35
)

select
    providers.provider_id,
    coalesce(nullif(providers.abbr, ''), providers.l_name) as provider_label,
    providers.f_name as first_name,
    providers.l_name as last_name,
    providers.suffix,
    specialties.item_name as specialty_name,
    providers.is_secondary as is_hygienist,
    not providers.is_not_person as is_person,
    {{ label('ProviderStatus', 'providers.prov_status') }} as provider_status,
    providers.date_term as termination_date,
    providers.prov_status = 0
    and not providers.is_hidden
    and coalesce(providers.date_term > '{{ as_of }}'::date, true) as is_active_provider,
    providers.is_hidden_report as is_hidden_on_reports,
    providers.national_prov_id as npi,
    providers.fee_schedule_id as ucr_fee_schedule_id,
    coalesce(providers.billing_provider_override_id, providers.provider_id) as billing_provider_id,
    providers.hourly_prod_goal_amt as hourly_production_goal,
    {{ row_metadata('providers') }}
from {{ source('opendental', 'provider') }} as providers
left join specialties
    on providers.specialty_id = specialties.definition_id
