-- A carrier is the payer of its name or of one of its spellings; of two of one name the stricter.
with spellings as (
    select
        payers.payer_id,
        payers.name as spelling
    from desk.payers
    union all
    select
        payer_id,
        alias_norm as spelling
    from desk.payer_aliases
),

named_payers as (
    select
        lower(regexp_replace(trim(spellings.spelling), '\s+', ' ', 'g')) as name_norm,
        min(payers.filing_days) as filing_days
    from spellings
    inner join desk.payers
        on spellings.payer_id = payers.payer_id
    group by name_norm
),

default_filing as (
    select (value #>> '{}')::integer as filing_days
    from desk.practice_setting
    where name = 'dental_filing_days'
),

plans as (
    select
        plan_id,
        min(carrier_name) as carrier_name
    from {{ ref('int_insurance_coverage') }}
    group by plan_id
),

dental as (
    select
        'procedure_on_no_claim' as kind,
        charted.procedure_id,
        null::bigint as dental_claim_number,
        plans.carrier_name,
        charted.procedure_date as service_on,
        charted.unclaimed_estimate_amount as amount
    from {{ ref('int_procedure_complete') }} as charted
    left join plans
        on charted.unclaimed_plan_id = plans.plan_id
    where charted.is_completed and charted.unclaimed_estimate_amount is not null
    union all
    select
        'claim_never_sent' as kind,
        null as procedure_id,
        claim_id as dental_claim_number,
        min(carrier_name) as carrier_name,
        min(service_date) as service_on,
        sum(estimated_insurance_amount) filter (where line_status = 'NotReceived') as amount
    from {{ ref('int_claim_details') }}
    where
        claim_status in ('U', 'W', 'H', 'I')
        and original_sent_date is null
        and not is_preauth
    group by claim_id
),

-- each name is compared once: there are few carriers, and many rows of each
carrier_names as (
    select distinct carrier_name
    from dental
),

carriers as (
    select
        carrier_names.carrier_name,
        named_payers.filing_days
    from carrier_names
    inner join named_payers
        on
            lower(regexp_replace(trim(carrier_names.carrier_name), '\s+', ' ', 'g'))
            = named_payers.name_norm
),

forgotten as (
    select
        dental.kind,
        'opendental' as source,
        dental_claims.claim_ref as reference,
        null::uuid as session_id,
        dental_claims.dental_claim_id,
        dental.dental_claim_number,
        dental.procedure_id,
        dental.carrier_name as payer_name,
        dental.service_on,
        -- nobody estimated it
        nullif(round(dental.amount, 2), 0) as amount,
        dental.service_on
        + coalesce(carriers.filing_days, default_filing.filing_days) as filing_deadline,
        carriers.filing_days is null as is_default_deadline,
        dental_claims.assigned_to
    from dental
    left join desk.dental_claims
        on dental.dental_claim_number = dental_claims.claim_id
    left join carriers
        on dental.carrier_name = carriers.carrier_name
    left join default_filing
        on true
    union all
    select
        'session_never_billed' as kind,
        'simplepractice' as source,
        aging_report.session_ref as reference,
        aging_report.session_id,
        null as dental_claim_id,
        null as dental_claim_number,
        null as procedure_id,
        payers.name as payer_name,
        aging_report.service_on,
        aging_report.outstanding as amount,
        aging_report.filing_deadline,
        false as is_default_deadline,
        aging_report.assigned_to
    from desk.aging_report
    left join desk.payers
        on aging_report.payer_id = payers.payer_id
    where not aging_report.in_ar
)

select
    kind,
    source,
    reference,
    session_id,
    dental_claim_id,
    dental_claim_number,
    procedure_id,
    payer_name,
    service_on,
    -- selected, the day is asked for once and not for each row
    (select desk.today()) - service_on as age_days,
    amount,
    filing_deadline,
    filing_deadline - (select desk.today()) as days_left,
    is_default_deadline,
    assigned_to
from forgotten
where service_on is null or service_on <= (select desk.today())
