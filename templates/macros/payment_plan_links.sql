{# Credits of dynamic payment plans (versions 2 and 3): patient, day, signed amount. A link takes
   over a completed procedure (if its plan is there) or an adjustment, at the link's override or else
   at its value less what is paid or expected on it outside the plan, whatever the date
   (OpenDental Ledgers). #}
{% macro payment_plan_link_credits(
    settings, links, plans, procedures, adjustments, claim_lines, splits
) -%}
with linked_items as (
    select
        links.payplan_link_id,
        coalesce(links.amount_override, 0) as amount_override,
        items.procedure_id,
        null::bigint as adjustment_id,
        items.patient_id,
        items.provider_id,
        items.clinic_id,
        items.proc_date as item_date,
        coalesce({{ gross_fee('items') }}, 0) as amount
    from {{ links }} as links
    inner join {{ plans }} as plans
        on links.payplan_id = plans.payplan_id
    inner join {{ procedures }} as items
        on links.object_id = items.procedure_id
    where links.link_type = 2 and items.proc_status = 2
    union all
    select
        links.payplan_link_id,
        coalesce(links.amount_override, 0) as amount_override,
        null::bigint as procedure_id,
        items.adjustment_id,
        items.patient_id,
        items.provider_id,
        items.clinic_id,
        items.adj_date as item_date,
        coalesce(items.adj_amt, 0) as amount
    from {{ links }} as links
    inner join {{ adjustments }} as items
        on links.object_id = items.adjustment_id
    where links.link_type = 1
),

item_changes as (
    select
        items.payplan_link_id,
        adjustments.adj_amt as amount
    from linked_items as items
    inner join {{ adjustments }} as adjustments
        on
            items.procedure_id = adjustments.procedure_id
            and items.patient_id is not distinct from adjustments.patient_id
            and items.provider_id is not distinct from adjustments.provider_id
            and items.clinic_id is not distinct from adjustments.clinic_id
    union all
    select
        items.payplan_link_id,
        case
            when claim_lines.status in (1, 4, 7)
                then -coalesce(claim_lines.ins_pay_amt, 0) - coalesce(claim_lines.write_off, 0)
            else
                -coalesce(claim_lines.ins_est_total_override, claim_lines.ins_pay_est, 0)
                - coalesce(claim_lines.write_off_est_override, claim_lines.write_off_est, 0)
        end as amount
    from linked_items as items
    inner join {{ claim_lines }} as claim_lines
        on items.procedure_id = claim_lines.procedure_id
    where claim_lines.status != 2
    union all
    select
        items.payplan_link_id,
        -splits.split_amt as amount
    from linked_items as items
    inner join {{ splits }} as splits
        on items.procedure_id = splits.procedure_id
    where splits.payplan_id is null
    union all
    select
        items.payplan_link_id,
        -splits.split_amt as amount
    from linked_items as items
    inner join {{ splits }} as splits
        on items.adjustment_id = splits.adjustment_id
    where splits.payplan_id is null
),

item_change_totals as (
    select
        payplan_link_id,
        sum(amount) as amount
    from item_changes
    group by payplan_link_id
)

select
    items.patient_id,
    items.item_date,
    -coalesce(
        nullif(items.amount_override, 0), items.amount + coalesce(changes.amount, 0)
    ) as amount
from linked_items as items
inner join {{ settings }} as settings
    on settings.payplans_version in ('2', '3')
left join item_change_totals as changes
    on items.payplan_link_id = changes.payplan_link_id
{%- endmacro %}
