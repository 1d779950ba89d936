{# What an account's billing type and the agency's messages say by the as-of day: its own clinic and
   cached total, its billing type, and whether it is in collections: flagged C, or placed with the
   agency and not cancelled, suspended or paid in full since. #}
{% macro collection_context(patients, definitions, agency_messages, as_of) -%}
with placements as (
    select distinct on (messages.patient_id)
        messages.patient_id,
        messages.trans_type in (4, 7) as is_open
    from {{ agency_messages }} as messages
    where
        messages.trans_type in (0, 3, 4, 6, 7, 8)
        and messages.trans_date_time < '{{ as_of }}'::date + 1
    order by
        messages.patient_id asc, messages.trans_date_time desc, messages.tsi_trans_log_id desc
)

select
    patients.patient_id,
    patients.clinic_id,
    patients.bal_total,
    billing_types.item_name as billing_type_name,
    coalesce(billing_types.item_value like '%C%', false)
    or coalesce(placements.is_open, false) as is_in_collections
from {{ patients }} as patients
left join {{ definitions }} as billing_types
    on
        patients.billing_type_id = billing_types.definition_id
        and billing_types.category = 4
left join placements
    on patients.patient_id = placements.patient_id
{%- endmacro %}
