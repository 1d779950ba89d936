{# Relations whose rows are the rows of one source table: how many, which, and their money. #}
{% set relations = [
    ('opendental.adjustment', source('opendental', 'adjustment'), 'adjustment_id', 'adj_amt'),
    ('int_adjustments', ref('int_adjustments'), 'adjustment_id', 'adjustment_amount'),
    ('int_patient_payment_allocated', ref('int_patient_payment_allocated'), 'split_id',
        'allocated_amount'),
    ('opendental.patient', source('opendental', 'patient'), 'patient_id', '0'),
    ('int_patient_profile', ref('int_patient_profile'), 'patient_id', '0'),
    ('opendental.provider', source('opendental', 'provider'), 'provider_id', '0'),
    ('int_provider_profile', ref('int_provider_profile'), 'provider_id', '0'),
    ('int_claim_details', ref('int_claim_details'), 'claim_procedure_id', '0'),
    ('int_claim_payments', ref('int_claim_payments'), 'claim_procedure_id', '0'),
    ('opendental.claimsnapshot', source('opendental', 'claimsnapshot'), 'claim_snapshot_id', '0'),
    ('int_claim_snapshot', ref('int_claim_snapshot'), 'claim_snapshot_id', '0'),
    ('opendental.claimtracking', source('opendental', 'claimtracking'), 'claim_tracking_id', '0'),
    ('int_claim_tracking', ref('int_claim_tracking'), 'claim_tracking_id', '0'),
    ('opendental.patplan', source('opendental', 'patplan'), 'patplan_id', '0'),
    ('int_insurance_coverage', ref('int_insurance_coverage'), 'patplan_id', '0'),
    ('opendental.eobattach', source('opendental', 'eobattach'), 'eob_attach_id', '0'),
    ('int_insurance_eob_attachments', ref('int_insurance_eob_attachments'), 'eob_attach_id', '0'),
    ('opendental.statement', source('opendental', 'statement'), 'statement_id', '0'),
    ('int_billing_statements', ref('int_billing_statements'), 'statement_id', '0'),
    ('opendental.task', source('opendental', 'task'), 'task_id', '0'),
    ('int_task_management', ref('int_task_management'), 'task_id', '0'),
] %}
{% for subject, relation, key, amount in relations %}
    select
        '{{ subject }}' as subject,
        count(*) as row_count,
        sum(hashint8extended({{ key }}, 0)) as key_digest,
        sum({{ amount }}) as amount
    from {{ relation }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
