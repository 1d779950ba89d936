{# Whole minutes from one moment to a later one; null when one is missing or they are reversed. #}
{% macro minutes_between(earlier, later) -%}
case
        when {{ later }} >= {{ earlier }}
            then floor(extract(epoch from {{ later }} - {{ earlier }}) / 60)::integer
    end
{%- endmacro %}

{# The minutes of a day from one time to another; none unless the second is later. #}
{% macro minutes_of_day(start_time, stop_time) -%}
case
            when {{ stop_time }} > {{ start_time }}
                then int4range(
                    (extract(epoch from {{ start_time }}) / 60)::integer,
                    (extract(epoch from {{ stop_time }}) / 60)::integer
                )
            else 'empty'
        end
{%- endmacro %}

{# How many minutes a set of ranges holds; making the set has counted overlaps once. #}
{% macro minutes_in(ranges) -%}
(
        select coalesce(sum(upper(spans.span) - lower(spans.span)), 0)
        from unnest({{ ranges }}) as spans (span)
    )
{%- endmacro %}

{# What is attached to each appointment: the fee of its planned and completed procedures, whether
   any work was done, and the latest marker (D9986, D9987) with its day. A planned appointment holds
   its procedures by a key of their own. #}
{% macro work_of_appointments(procedures, codes) -%}
select
    places.appointment_id,
    sum({{ gross_fee('items') }}) as planned_production,
    bool_or(items.proc_status = 2 and not markers.is_marker) as is_work_done,
    max(items.proc_date) filter (where markers.is_marker) as broken_on,
    (array_agg(codes.proc_code order by items.proc_date desc, items.procedure_id desc) filter (
        where markers.is_marker
    ))[1] as broken_code
from {{ procedures }} as items
left join {{ codes }} as codes
    on items.code_id = codes.code_id
cross join lateral (
    select coalesce(codes.proc_code in ('D9986', 'D9987'), false) as is_marker
) as markers
cross join
    lateral (values (items.appointment_id), (nullif(items.planned_apt_id, items.appointment_id)))
        as places (appointment_id)
where places.appointment_id is not null and items.proc_status in (1, 2, 8)
group by places.appointment_id
{%- endmacro %}

{# The dated visits of `details`, one row for each person they load: the provider, except in hygiene
   work that has a hygienist, and the hygienist. Where people are added up only the owner's row
   counts: the hygienist's in hygiene work, else the provider's. A deleted visit still counts when
   it was broken; any other is only `is_removed`. #}
{% macro visit_loads(details) -%}
with visits as (
    select
        *,
        scheduled_start::date as visit_date,
        appointment_status = 1 and not is_deleted as is_scheduled,
        appointment_status = 2 and broken_reason is null and not is_deleted as is_completed,
        appointment_status = 5
        or (appointment_status = 2 and broken_reason is not null and not is_deleted) as is_broken,
        appointment_status != 5 and is_deleted as is_removed,
        hygienist_id is not null and (is_hygiene or provider_id is null) as is_hygienists
    from {{ details }}
    where appointment_status in (1, 2, 5) and scheduled_start is not null
)

select
    *,
    provider_id as worker_id,
    true as is_owner,
    coalesce(hygienist_id = provider_id, false) as is_as_hygienist
from visits
where not is_hygienists
union all
select
    *,
    hygienist_id as worker_id,
    is_hygienists as is_owner,
    true as is_as_hygienist
from visits
where is_hygienists or hygienist_id != provider_id
{%- endmacro %}

{# Booked minutes as a percentage of available ones; null when none are available. #}
{% macro utilization_pct(days) -%}
    round(100.0 * {{ days }}.booked_minutes / nullif({{ days }}.available_minutes, 0), 2)
{%- endmacro %}
