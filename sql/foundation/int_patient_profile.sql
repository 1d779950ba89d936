-- A family is everyone with the same guarantor; patientlink only records merges and clones.
with recursive merge_links as (
    select distinct on (from_patient_id)
        from_patient_id,
        to_patient_id
    from {{ source('opendental', 'patientlink') }}
    where link_type = 1 and from_patient_id != to_patient_id
    order by from_patient_id asc, date_time_link desc nulls last, patient_link_id desc
),

merge_paths as (
    select
        from_patient_id,
        to_patient_id,
        array[from_patient_id, to_patient_id] as visited
    from merge_links
    union all
    select
        merge_paths.from_patient_id,
        merge_links.to_patient_id,
        merge_paths.visited || merge_links.to_patient_id as visited
    from merge_paths
    inner join merge_links
        on merge_paths.to_patient_id = merge_links.from_patient_id
    where array_position(merge_paths.visited, merge_links.to_patient_id) is null
),

survivors as (
    select distinct on (from_patient_id)
        from_patient_id,
        to_patient_id
    from merge_paths
    order by from_patient_id asc, cardinality(visited) desc
),

coverages as (
    select distinct patient_id
    from {{ source('opendental', 'patplan') }}
),

problems as (
    select
        patient_id,
        count(*) as active_problem_count
    from {{ source('opendental', 'disease') }}
    where prob_status = 0
    group by patient_id
),

documents as (
    select
        patient_id,
        count(*) as document_count
    from {{ source('opendental', 'document') }}
    group by patient_id
),

next_recalls as (
    select distinct on (recalls.patient_id)
        recalls.patient_id,
        recalls.date_due,
        recall_types.description as recall_type_name
    from {{ source('opendental', 'recall') }} as recalls
    left join {{ source('opendental', 'recalltype') }} as recall_types
        on recalls.recall_type_id = recall_types.recall_type_id
    where
        recalls.date_due is not null
        and recalls.is_disabled is not true
        and coalesce(recalls.disable_until_date <= '{{ as_of }}'::date, true)
    order by recalls.patient_id, recalls.date_due, recalls.recall_id
),

referral_sources as (
    select distinct on (attached.patient_id)
        attached.patient_id,
        concat_ws(' ', nullif(referrals.f_name, ''), nullif(referrals.l_name, '')) as person_name,
        referrals.business_name
    from {{ source('opendental', 'refattach') }} as attached
    left join {{ source('opendental', 'referral') }} as referrals
        on attached.referral_id = referrals.referral_id
    where attached.ref_type = 1
    order by attached.patient_id, attached.item_order, attached.ref_attach_id
)

select
    patients.patient_id,
    patients.guarantor_id,
    patients.guarantor_id = patients.patient_id as is_guarantor,
    count(*) filter (where patients.pat_status != 4)
        over (partition by coalesce(patients.guarantor_id, patients.patient_id)) as family_size,
    patients.clinic_id,
    clinics.description as clinic_name,
    patients.pat_status as patient_status,
    {{ label('PatientStatus', 'patients.pat_status') }} as patient_status_name,
    patients.pat_status = 0 as is_active_patient,
    patients.pat_status = 4 as is_deleted,
    survivors.from_patient_id is not null as is_merged_away,
    survivors.to_patient_id as merged_into_patient_id,
    patients.birthdate as birth_date,
    case
        when patients.birthdate <= '{{ as_of }}'::date
            then extract(year from age('{{ as_of }}'::date, patients.birthdate))::integer
    end as age_years,
    {{ label('PatientGender', 'patients.gender') }} as gender,
    {{ label('PatientPosition', 'patients.position') }} as marital_status,
    billing_types.item_name as billing_type_name,
    nullif(billing_types.item_value, '') as billing_type_flag,
    patients.primary_provider_id,
    coalesce(nullif(providers.abbr, ''), providers.l_name) as primary_provider_label,
    patients.secondary_provider_id,
    nullif(employers.emp_name, '') as employer_name,
    coalesce(nullif(referral_sources.person_name, ''), nullif(referral_sources.business_name, ''))
        as primary_referral_name,
    patients.date_first_visit as first_visit_date,
    next_recalls.date_due as next_recall_due_date,
    next_recalls.recall_type_name as next_recall_type_name,
    coverages.patient_id is not null or patients.has_ins like '%I%' as has_insurance_flag,
    lower({{ label('YN', 'patients.txt_msg_ok') }}) as text_consent,
    coalesce(patient_notes.ice_phone != '', false) as has_emergency_phone,
    coalesce(problems.active_problem_count, 0) as active_problem_count,
    coalesce(documents.document_count, 0) as document_count,
    guarantors.bal_total as cached_balance_total,
    {{ row_metadata('patients') }}
from {{ source('opendental', 'patient') }} as patients
left join {{ source('opendental', 'patient') }} as guarantors
    on patients.guarantor_id = guarantors.patient_id
left join survivors
    on patients.patient_id = survivors.from_patient_id
left join {{ source('opendental', 'patientnote') }} as patient_notes
    on patients.patient_id = patient_notes.patient_id
left join {{ source('opendental', 'clinic') }} as clinics
    on patients.clinic_id = clinics.clinic_id
left join {{ source('opendental', 'provider') }} as providers
    on patients.primary_provider_id = providers.provider_id
left join {{ source('opendental', 'employer') }} as employers
    on patients.employer_id = employers.employer_id
left join {{ source('opendental', 'definition') }} as billing_types
    on
        patients.billing_type_id = billing_types.definition_id
        and billing_types.category = 4
left join coverages
    on patients.patient_id = coverages.patient_id
left join problems
    on patients.patient_id = problems.patient_id
left join documents
    on patients.patient_id = documents.patient_id
left join next_recalls
    on patients.patient_id = next_recalls.patient_id
left join referral_sources
    on patients.patient_id = referral_sources.patient_id
