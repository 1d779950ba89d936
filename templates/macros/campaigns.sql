{# The snapshot day nearest to and not after a day: the as-of day itself, else a month end. #}
{% macro snapshot_day(day, as_of) -%}
case
            when {{ day }} >= '{{ as_of }}'::date then '{{ as_of }}'::date
            else (date_trunc('month', {{ day }} + 1) - interval '1 day')::date
        end
{%- endmacro %}

{# What each family paid by day, up to the as-of day: money received on the account, so neither
   income transfers nor hidden prepayments; refunds lower it. #}
{% macro family_payments(splits, patients, as_of) -%}
select
    patients.guarantor_id,
    splits.payment_date,
    sum(splits.split_amount) as paid
from {{ splits }} as splits
inner join {{ patients }} as patients
    on splits.patient_id = patients.patient_id
where
    not splits.is_income_transfer
    and not splits.is_hidden_unearned
    and splits.payment_date <= '{{ as_of }}'::date
group by patients.guarantor_id, splits.payment_date
{%- endmacro %}

{# Family rows of the aging snapshot, with the age in days from which their oldest money counts. #}
{% macro family_aging(snapshots) -%}
select
    as_of_date,
    mode,
    guarantor_id,
    clinic_id,
    billing_type_name,
    balance_total,
    insurance_pending,
    case
        when balance_over_90 > 0 then 91
        when balance_61_90 > 0 then 61
        when balance_31_60 > 0 then 31
        else 0
    end as oldest_age_days
from {{ snapshots }}
where patient_id is null
{%- endmacro %}

{# Whether a campaign is for a family as `family_aging` shows it; a family that owes nothing is in
   none, and none is in a campaign for super-families. #}
{% macro campaign_is_for(campaign, family) -%}
    {{ family }}.balance_total > 0
    and {{ campaign }}.is_for_super_families is not true
    and {{ family }}.balance_total >= coalesce({{ campaign }}.min_balance, 0)
    and {{ family }}.balance_total
    <= coalesce({{ campaign }}.max_balance, {{ family }}.balance_total)
    and {{ family }}.oldest_age_days >= coalesce({{ campaign }}.min_age_days, 0)
    and {{ family }}.oldest_age_days
    <= coalesce({{ campaign }}.max_age_days, {{ family }}.oldest_age_days)
    and coalesce(
        {{ campaign }}.billing_type_name = {{ family }}.billing_type_name,
        {{ campaign }}.billing_type_name is null
    )
    and coalesce(
        {{ campaign }}.clinic_id = {{ family }}.clinic_id, {{ campaign }}.clinic_id is null
    )
    and coalesce(
        {{ campaign }}.requires_pending_insurance = ({{ family }}.insurance_pending > 0), true
    )
{%- endmacro %}

{# The one campaign an event belongs to (its key and day are named here; it has guarantor_id and
   snapshot_date): running on its day and for the family as it stood. The practice's own come before
   dunning rules; then, as dunning rules are chosen, the one that names the billing type, the oldest
   money and whether insurance is pending; then the largest balance and the clinic. #}
{% macro best_campaigns(events, event_id, event_day, campaigns, families) -%}
    select distinct on (events.{{ event_id }})
        events.{{ event_id }},
        campaigns.campaign_id
    from {{ events }} as events
    inner join {{ families }} as families
        on
            events.guarantor_id = families.guarantor_id
            and events.snapshot_date = families.as_of_date
    inner join {{ campaigns }} as campaigns
        on
            events.{{ event_day }} >= coalesce(campaigns.start_date, events.{{ event_day }})
            and events.{{ event_day }} <= coalesce(campaigns.end_date, events.{{ event_day }})
            and {{ campaign_is_for('campaigns', 'families') }}
    order by
        events.{{ event_id }} asc,
        campaigns.dunning_rule_id is not null asc,
        campaigns.billing_type_name is null asc,
        campaigns.min_age_days desc nulls last,
        campaigns.requires_pending_insurance is null asc,
        campaigns.min_balance desc nulls last,
        campaigns.clinic_id is null asc,
        campaigns.campaign_id collate "C" asc
{%- endmacro %}
