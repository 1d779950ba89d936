with employer_coverage as (
    select
        ins_plans.employer_id,
        count(distinct ins_plans.plan_id) as plan_count,
        count(distinct ins_plans.plan_id) filter (
            where not ins_plans.is_hidden
        ) as active_plan_count,
        count(distinct ins_plans.carrier_id) as carrier_count,
        count(distinct subscriptions.subscriber_patient_id) as subscriber_count,
        count(distinct coverages.patient_id) as covered_patient_count
    from {{ source('opendental', 'insplan') }} as ins_plans
    left join {{ source('opendental', 'inssub') }} as subscriptions
        on ins_plans.plan_id = subscriptions.plan_id
    left join {{ source('opendental', 'patplan') }} as coverages
        on subscriptions.inssub_id = coverages.inssub_id
    where ins_plans.employer_id is not null
    group by ins_plans.employer_id
),

employed_patients as (
    select
        employer_id,
        count(*) as patient_employee_count
    from {{ source('opendental', 'patient') }}
    where employer_id is not null
    group by employer_id
),

named_employers as (
    select
        employer_id,
        emp_name,
        city,
        state,
        nullif(lower(trim(emp_name)), '') as normalized_employer_name
    from {{ source('opendental', 'employer') }}
)

select
    employers.employer_id,
    employers.emp_name as employer_name,
    employers.city,
    employers.state,
    coalesce(employer_coverage.plan_count, 0) as plan_count,
    coalesce(employer_coverage.active_plan_count, 0) as active_plan_count,
    coalesce(employer_coverage.carrier_count, 0) as carrier_count,
    coalesce(employer_coverage.subscriber_count, 0) as subscriber_count,
    coalesce(employer_coverage.covered_patient_count, 0) as covered_patient_count,
    coalesce(employed_patients.patient_employee_count, 0) as patient_employee_count,
    employers.normalized_employer_name,
    count(employers.normalized_employer_name) over (
        partition by employers.normalized_employer_name
    ) > 1 as is_possible_duplicate
from named_employers as employers
left join employer_coverage
    on employers.employer_id = employer_coverage.employer_id
left join employed_patients
    on employers.employer_id = employed_patients.employer_id
