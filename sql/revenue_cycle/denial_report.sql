-- A session is decided once, by the payer's first answer; its money is that of its first denial.
-- Of a category the rate is its share of all decisions.
with period as (
    select
        desk.today() - 89 as first_day,
        desk.today() as last_day
),

first_denials as (
    select distinct on (session_id)
        session_id,
        category,
        denied_on,
        amount,
        paid_before
    from desk.denials
    order by session_id asc, created_at asc, denied_on asc
),

answers as (
    select
        sessions.payer_id,
        sessions.clinician_id,
        case when sessions.first_outcome = 'denied' then first_denials.category end as category,
        1 as decided,
        (sessions.first_outcome = 'denied')::integer as denied,
        0 as denied_amount,
        0 as recovered,
        0 as written_off
    from desk.sessions
    inner join period
        on sessions.first_adjudicated_on between period.first_day and period.last_day
    left join first_denials
        on sessions.session_id = first_denials.session_id
),

refusals as (
    select
        sessions.payer_id,
        sessions.clinician_id,
        sessions.billing_status,
        first_denials.category,
        first_denials.amount as denied_amount,
        least(
            greatest(sessions.amount_paid - first_denials.paid_before, 0), first_denials.amount
        ) as recovered
    from first_denials
    inner join period
        on first_denials.denied_on between period.first_day and period.last_day
    inner join desk.sessions
        on first_denials.session_id = sessions.session_id
),

entries as (
    select
        payer_id,
        clinician_id,
        category,
        decided,
        denied,
        denied_amount,
        recovered,
        written_off
    from answers
    union all
    select
        payer_id,
        clinician_id,
        category,
        0 as decided,
        0 as denied,
        denied_amount,
        recovered,
        case
            when billing_status = 'written_off' then denied_amount - recovered
            else 0
        end as written_off
    from refusals
),

totals as (
    select
        payer_id,
        clinician_id,
        category,
        case
            when category is not null then (select count(*) from answers)
            else sum(decided)
        end as decided,
        sum(denied) as denied,
        sum(denied_amount) as denied_amount,
        sum(recovered) as recovered,
        sum(written_off) as written_off
    from entries
    group by grouping sets ((payer_id), (clinician_id), (category))
)

select
    case
        when totals.payer_id is not null then 'payer'
        when totals.clinician_id is not null then 'clinician'
        else 'category'
    end as grouped_by,
    coalesce(totals.payer_id::text, totals.clinician_id::text, totals.category) as group_key,
    coalesce(payers.name, clinicians.name, totals.category) as name,
    totals.decided::integer as decided,
    totals.denied::integer as denied,
    round(100.0 * totals.denied / nullif(totals.decided, 0), 1) as rate_pct,
    totals.denied_amount,
    totals.recovered,
    totals.written_off
from totals
left join desk.payers
    on totals.payer_id = payers.payer_id
left join desk.clinicians
    on totals.clinician_id = clinicians.clinician_id
-- not the sessions without payer, nor those no payer denied
where coalesce(totals.payer_id, totals.clinician_id) is not null or totals.category is not null
order by totals.denied_amount desc, group_key asc
