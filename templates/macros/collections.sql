{# When accounts were with the collection agency (tsitranslog): from a placement or reinstatement to
   whatever ends it, cancelled, suspended or paid in full. #}
{% macro agency_placements(agency_messages, as_of) -%}
select
    patient_id,
    trans_type in (4, 7) as is_open,
    trans_date_time::date as placed_on,
    lead(trans_date_time::date, 1, 'infinity') over (
        partition by patient_id order by trans_date_time, tsi_trans_log_id
    ) as ended_on
from {{ agency_messages }}
where trans_type in (0, 3, 4, 6, 7, 8) and trans_date_time < '{{ as_of }}'::date + 1
{%- endmacro %}

{# What an account's billing type and the agency's messages say by the as-of day: its own clinic and
   cached total, its billing type, and whether it is in collections: flagged C, or placed with the
   agency and not cancelled, suspended or paid in full since. #}
{% macro collection_context(patients, definitions, agency_messages, as_of) -%}
with placements as (
    {{ agency_placements(agency_messages, as_of) | indent }}
)

select
    patients.patient_id,
    patients.clinic_id,
    patients.bal_total,
    billing_types.item_name as billing_type_name,
    coalesce(billing_types.item_value = 'C', false)
    or coalesce(placements.is_open, false) as is_in_collections
from {{ patients }} as patients
left join {{ definitions }} as billing_types
    on
        patients.billing_type_id = billing_types.definition_id
        and billing_types.category = 4
left join placements
    on
        patients.patient_id = placements.patient_id
        and placements.ended_on = 'infinity'
{%- endmacro %}
