-- Ages of accounts are known by bracket, so a dunning rule's days in advance are not applied.
with billing_types as (
    select
        definition_id,
        item_name
    from {{ source('opendental', 'definition') }}
    where category = 4
),

campaigns as (
    select
        campaign_id,
        campaign_name,
        start_date,
        end_date,
        min_balance,
        max_balance,
        min_age_days,
        max_age_days,
        billing_type_id,
        clinic_id,
        owner_user_id,
        null::boolean as requires_pending_insurance,
        false as is_for_super_families,
        null::bigint as dunning_rule_id
    from {{ source('practice', 'collection_campaign') }}
    union all
    select
        'dunning:' || dunning_id as campaign_id,
        case
            when age_account > 0 then 'Dunning over ' || age_account || ' days'
            else 'Dunning at any age'
        end as campaign_name,
        null::date as start_date,
        null::date as end_date,
        null::numeric as min_balance,
        null::numeric as max_balance,
        nullif(age_account, 0) + 1 as min_age_days,
        null::integer as max_age_days,
        billing_type_id,
        clinic_id,
        null::bigint as owner_user_id,
        case ins_is_pending
            when 1 then true
            when 2 then false
        end as requires_pending_insurance,
        coalesce(is_super_family, false) as is_for_super_families,
        dunning_id as dunning_rule_id
    from {{ source('opendental', 'dunning') }}
    where
        'dunning:' || dunning_id not in (
            select listed.campaign_id
            from {{ source('practice', 'collection_campaign') }} as listed
        )
),

named_campaigns as (
    select
        campaigns.*,
        case
            when campaigns.billing_type_id is not null
                then coalesce(billing_types.item_name, 'Unknown billing type')
        end as billing_type_name
    from campaigns
    left join billing_types
        on campaigns.billing_type_id = billing_types.definition_id
),

families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
),

eligible_families as (
    select
        named_campaigns.campaign_id,
        count(*) as eligible_account_count,
        sum(families.balance_total) as eligible_balance
    from named_campaigns
    inner join families
        on
            families.mode = 'running'
            and {{ campaign_is_for('named_campaigns', 'families') }}
    group by named_campaigns.campaign_id
)

select
    named_campaigns.campaign_id,
    named_campaigns.campaign_name,
    named_campaigns.start_date,
    named_campaigns.end_date,
    '{{ as_of }}'::date >= coalesce(named_campaigns.start_date, '{{ as_of }}'::date)
    and '{{ as_of }}'::date <= coalesce(named_campaigns.end_date, '{{ as_of }}'::date)
        as is_active_at_as_of,
    named_campaigns.min_balance,
    named_campaigns.max_balance,
    named_campaigns.min_age_days,
    named_campaigns.max_age_days,
    named_campaigns.billing_type_name,
    named_campaigns.clinic_id,
    named_campaigns.requires_pending_insurance,
    named_campaigns.is_for_super_families,
    logins.user_id as owner_user_id,
    coalesce(eligible_families.eligible_account_count, 0) as eligible_account_count,
    coalesce(eligible_families.eligible_balance, 0) as eligible_balance,
    named_campaigns.dunning_rule_id
from named_campaigns
left join eligible_families
    on named_campaigns.campaign_id = eligible_families.campaign_id
left join {{ source('opendental', 'userod') }} as logins
    on named_campaigns.owner_user_id = logins.user_id
