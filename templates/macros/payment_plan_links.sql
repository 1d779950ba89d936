{# Credits of dynamic payment plans (versions 2 and 3), in the shape of the ledger_* macros. A link
   takes over a completed procedure (if its plan is there) or an adjustment, at the link's override
   or else at its value less what is paid or expected on it outside the plan, whatever the date
   (OpenDental Ledgers). Links to anything else do nothing and have no row. #}
{% macro payment_plan_link_credits(
    settings, links, plans, procedures, adjustments, claim_lines, splits
) -%}
with linked_items as (
    select
        links.payplan_link_id,
        links.amount_override,
        charted.procedure_id,
        adjusted.adjustment_id,
        coalesce(charted.patient_id, adjusted.patient_id) as patient_id,
        coalesce(charted.provider_id, adjusted.provider_id) as provider_id,
        coalesce(charted.clinic_id, adjusted.clinic_id) as clinic_id,
        coalesce(charted.proc_date, adjusted.adj_date) as item_date,
        coalesce({{ gross_fee('charted') }}, adjusted.adj_amt, 0) as item_amount,
        adjusted.adjustment_id is not null
        or (charted.proc_status = 2 and plans.payplan_id is not null) as takes_over,
        {{ row_metadata('links') }}
    from {{ links }} as links
    left join {{ plans }} as plans
        on links.payplan_id = plans.payplan_id
    left join {{ procedures }} as charted
        on
            links.object_id = charted.procedure_id
            and links.link_type = 2
    left join {{ adjustments }} as adjusted
        on
            links.object_id = adjusted.adjustment_id
            and links.link_type = 1
    where links.link_type in (1, 2)
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
    'plan link' as transaction_type,
    items.payplan_link_id as source_id,
    items.patient_id,
    items.provider_id,
    items.clinic_id,
    items.procedure_id,
    items.item_date as transaction_date,
    items._created_at::date as entry_date,
    items.item_date as procedure_date,
    -coalesce(
        nullif(items.amount_override, 0), items.item_amount + coalesce(changes.amount, 0)
    ) as source_amount,
    case
        when settings.payplans_version not in ('2', '3') then 'plan version'
        when items.takes_over is not true then 'item missing'
    end as not_counted_because,
    0 as insurance_paid,
    0 as writeoff,
    0 as insurance_pending,
    0 as writeoff_pending,
    null::text as claim_line_status,
    0 as expected_payment,
    false as is_income_transfer,
    0 as payplan_due,
    0 as collected_amount,
    null::bigint as label_id,
    items._created_at,
    items._updated_at
from linked_items as items
cross join {{ settings }} as settings
left join item_change_totals as changes
    on items.payplan_link_id = changes.payplan_link_id
{%- endmacro %}
