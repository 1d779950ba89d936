-- error: Every row of the source is in the models of its kind, and no other: counts and keys.
{% set ties = namespace(pairs=[]) %}
{% for model, relation, rows, keys in [
    ('int_procedure_complete', 'opendental.procedurelog', 'row_count', 'key_digest'),
    ('int_adjustments', 'opendental.adjustment', 'row_count', 'key_digest'),
    ('int_payment_split', 'opendental.paysplit', 'row_count', 'key_digest'),
    ('int_patient_payment_allocated', 'opendental.paysplit', 'row_count', 'key_digest'),
    ('int_insurance_payment_allocated', 'opendental.claimproc', 'paid_count', 'paid_digest'),
    ('int_claim_details', 'opendental.claimproc', 'claim_count', 'claim_digest'),
    ('int_claim_payments', 'opendental.claimproc', 'check_count', 'check_digest'),
    ('int_claim_snapshot', 'opendental.claimsnapshot', 'row_count', 'key_digest'),
    ('int_claim_tracking', 'opendental.claimtracking', 'row_count', 'key_digest'),
    ('int_insurance_coverage', 'opendental.patplan', 'row_count', 'key_digest'),
    ('int_insurance_eob_attachments', 'opendental.eobattach', 'row_count', 'key_digest'),
    ('int_patient_profile', 'opendental.patient', 'row_count', 'key_digest'),
    ('int_provider_profile', 'opendental.provider', 'row_count', 'key_digest'),
    ('int_billing_statements', 'opendental.statement', 'row_count', 'key_digest'),
    ('int_task_management', 'opendental.task', 'row_count', 'key_digest'),
] %}
{% set ties.pairs = ties.pairs + [
    (model, 'row_count', relation, rows),
    (model, 'key_digest', relation, keys),
] %}
{% endfor %}
{% for type, relation, rows, keys in [
    ('procedure', 'opendental.procedurelog', 'completed_count', 'completed_digest'),
    ('insurance', 'opendental.claimproc', 'ledger_count', 'ledger_digest'),
    ('adjustment', 'opendental.adjustment', 'row_count', 'key_digest'),
    ('patient payment', 'opendental.paysplit', 'row_count', 'key_digest'),
    ('plan debit', 'opendental.payplancharge', 'debit: row_count', 'debit: key_digest'),
    ('plan credit', 'opendental.payplancharge', 'credit: row_count', 'credit: key_digest'),
    ('plan link', 'opendental.payplanlink', 'link: row_count', 'link: key_digest'),
    ('plan completed amount', 'opendental.payplan', 'plan: row_count', 'plan: key_digest'),
] %}
{% set ties.pairs = ties.pairs + [
    ('int_ar_shared_calculations', type ~ ': row_count', relation, rows),
    ('int_ar_shared_calculations', type ~ ': key_digest', relation, keys),
] %}
{% endfor %}
{{ totals_apart(build, ties.pairs) }}
