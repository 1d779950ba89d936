-- Each rule that is on, with each subject it is true of: a row for each alert there should be.
with aged as (
    {{ query('aged_claims') }}
),

forgotten as (
    {{ query('forgotten_money') }}
),

of_sessions as (
    {{ query('session_conditions') }}
),

denial_rates as (
    {{ query('denial_report') }}
),

of_files as (
    {{ query('file_conditions') }}
),

of_claims as (
    select
        rules.rule_code,
        aged.session_id,
        aged.dental_claim_id,
        rules.day_count,
        aged.amount
    from aged
    cross join
        lateral (
            values
            ('aged_claim', true, aged.age_days),
            -- sessions know since when they wait for an answer
            ('no_response', aged.session_id is null, aged.last_sent_age_days),
            ('slow_payer', aged.session_id is null, aged.last_sent_age_days)
        ) as rules (rule_code, is_so, day_count)
    where rules.is_so
    union all
    select
        rules.rule_code,
        forgotten.session_id,
        forgotten.dental_claim_id,
        rules.day_count,
        forgotten.amount
    from forgotten
    cross join
        lateral (
            values
            ('unbilled_aged', true, forgotten.age_days),
            ('filing_deadline', forgotten.session_id is null, forgotten.days_left)
        ) as rules (rule_code, is_so, day_count)
    where rules.is_so
    union all
    select
        rule_code,
        session_id,
        null as dental_claim_id,
        day_count,
        amount
    from of_sessions
),

conditions as (
    select
        rule_code,
        session_id,
        dental_claim_id,
        null::uuid as payment_id,
        null::uuid as clinician_id,
        null::bigint as file_id,
        null as source,
        day_count,
        amount
    from of_claims
    -- what is not registered yet has no reference to speak of it by
    where num_nonnulls(session_id, dental_claim_id) = 1
    union all
    select
        'unapplied_money' as rule_code,
        null as session_id,
        null as dental_claim_id,
        payment_id,
        null as clinician_id,
        null as file_id,
        null as source,
        desk.today() - received_on as day_count,
        unapplied as amount
    from desk.payment_balances
    where unapplied > 0 and payer_id is not null
    union all
    select
        'provider_denials' as rule_code,
        null as session_id,
        null as dental_claim_id,
        null as payment_id,
        group_key::uuid as clinician_id,
        null as file_id,
        null as source,
        null as day_count,
        denied_amount as amount
    from denial_rates
    where
        grouped_by = 'clinician'
        and decided >= {{ small_sample }}
        and rate_pct > {{ high_rate_pct }}
    union all
    select
        rule_code,
        null as session_id,
        null as dental_claim_id,
        null as payment_id,
        null as clinician_id,
        file_id,
        source,
        day_count,
        null as amount
    from of_files
)

select conditions.*
from conditions
inner join desk.alert_rules as rules
    on conditions.rule_code = rules.code
where
    rules.enabled
    and case rules.counts
        when 'over'
            then
                conditions.day_count
                > least(rules.low_at, rules.medium_at, rules.high_at, rules.critical_at)
        when 'days_left'
            then
                conditions.day_count
                <= greatest(rules.low_at, rules.medium_at, rules.high_at, rules.critical_at)
        else true
    end
