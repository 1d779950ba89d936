-- Coverage is patplan -> inssub -> insplan. A rule of the patient's own beats the plan's, and of
-- two rules for one thing the later entered counts. Category 0 and X12 "General" mean all care.
with rules as (
    select
        benefits.benefit_id,
        benefits.patplan_id,
        case when benefits.patplan_id is null then benefits.plan_id end as plan_id,
        benefits.benefit_type,
        benefits.time_period,
        benefits.coverage_level,
        benefits.percent,
        benefits.monetary_amt,
        benefits.cov_cat_id,
        benefits.cov_cat_id = 0
        or coalesce(categories.ebenefit_cat = 1, false) as is_general,
        coalesce(categories.description, 'Category ' || benefits.cov_cat_id) as category_name
    from {{ source('opendental', 'benefit') }} as benefits
    left join {{ source('opendental', 'covcat') }} as categories
        on benefits.cov_cat_id = categories.cov_cat_id
    where
        benefits.code_id is null
        and benefits.code_group_id is null
        and benefits.quantity_qualifier = 0
),

benefit_terms as (
    select
        patplan_id,
        plan_id,
        (array_agg(monetary_amt order by benefit_id desc) filter (
            where benefit_type = 5 and is_general and monetary_amt is not null
            and coverage_level = 1 and time_period in (1, 2)
        ))[1] as annual_max_individual,
        (array_agg(monetary_amt order by benefit_id desc) filter (
            where benefit_type = 2 and is_general and monetary_amt is not null
            and coverage_level = 1 and time_period != 3
        ))[1] as deductible_individual,
        (array_agg(monetary_amt order by benefit_id desc) filter (
            where benefit_type = 2 and is_general and monetary_amt is not null
            and coverage_level = 2 and time_period != 3
        ))[1] as deductible_family,
        jsonb_object_agg(category_name, percent order by benefit_id) filter (
            where benefit_type = 1 and cov_cat_id != 0 and percent is not null
        ) as percent_by_category
    from rules
    group by patplan_id, plan_id
),

verifications as (
    select
        verify_type,
        object_id,
        max(date_last_verified) as last_verified
    from {{ source('opendental', 'insverify') }}
    group by verify_type, object_id
)

select
    coverages.patplan_id,
    coverages.patient_id,
    subscriptions.subscriber_patient_id,
    coverages.inssub_id,
    subscriptions.plan_id,
    ins_plans.carrier_id,
    ins_plans.employer_id,
    coverages.ordinal,
    coverages.ordinal = 1 as is_primary,
    {{ label('Relat', 'coverages.relationship') }} as relationship_to_subscriber,
    {{ label('InsPlanType', 'ins_plans.plan_type') }} as plan_type_name,
    carriers.carrier_name,
    ins_plans.group_name,
    ins_plans.group_num as group_number,
    employers.emp_name as employer_name,
    subscriptions.date_effective as effective_date,
    subscriptions.date_term as termination_date,
    subscriptions.inssub_id is not null
    and coalesce(subscriptions.date_effective <= '{{ as_of }}'::date, true)
    and coalesce(subscriptions.date_term >= '{{ as_of }}'::date, true) as is_active_at_as_of,
    coverages.is_pending,
    coalesce(
        own_terms.annual_max_individual, plan_terms.annual_max_individual
    ) as annual_max_individual,
    coalesce(
        own_terms.deductible_individual, plan_terms.deductible_individual
    ) as deductible_individual,
    coalesce(own_terms.deductible_family, plan_terms.deductible_family) as deductible_family,
    coalesce(
        plan_terms.percent_by_category || own_terms.percent_by_category,
        own_terms.percent_by_category,
        plan_terms.percent_by_category
    ) as percent_by_category,
    case
        when ins_plans.month_renew = 0 then 1 else ins_plans.month_renew
    end as benefit_year_start_month,
    plan_verifications.last_verified as benefits_last_verified,
    enrolment_verifications.last_verified as enrolment_last_verified,
    {{ row_metadata('coverages') }}
from {{ source('opendental', 'patplan') }} as coverages
left join {{ source('opendental', 'inssub') }} as subscriptions
    on coverages.inssub_id = subscriptions.inssub_id
left join {{ source('opendental', 'insplan') }} as ins_plans
    on subscriptions.plan_id = ins_plans.plan_id
left join {{ source('opendental', 'carrier') }} as carriers
    on ins_plans.carrier_id = carriers.carrier_id
left join {{ source('opendental', 'employer') }} as employers
    on ins_plans.employer_id = employers.employer_id
left join benefit_terms as plan_terms
    on subscriptions.plan_id = plan_terms.plan_id
left join benefit_terms as own_terms
    on coverages.patplan_id = own_terms.patplan_id
left join verifications as plan_verifications
    on
        subscriptions.plan_id = plan_verifications.object_id
        and plan_verifications.verify_type = 1
left join verifications as enrolment_verifications
    on
        coverages.patplan_id = enrolment_verifications.object_id
        and enrolment_verifications.verify_type = 2
