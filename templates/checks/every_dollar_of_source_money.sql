-- error: Every dollar of source money is in exactly one row of each ledger model.
{% set ledger = 'int_ar_shared_calculations' %}
{{ totals_apart(build, [
    ('int_procedure_complete', 'amount', 'opendental.procedurelog', 'amount'),
    ('int_adjustments', 'amount', 'opendental.adjustment', 'amount'),
    ('int_payment_split', 'amount', 'opendental.paysplit', 'amount'),
    ('int_patient_payment_allocated', 'amount', 'opendental.paysplit', 'amount'),
    ('int_insurance_payment_allocated', 'amount', 'opendental.claimproc', 'paid_amount'),
    (ledger, 'procedure: source_amount', 'opendental.procedurelog', 'amount'),
    (ledger, 'insurance: source_amount', 'opendental.claimproc', 'ledger_amount'),
    (ledger, 'adjustment: source_amount', 'opendental.adjustment', 'amount'),
    (ledger, 'patient payment: source_amount', 'opendental.paysplit', 'ledger_amount'),
    (ledger, 'plan debit: source_amount', 'opendental.payplancharge', 'debit: amount'),
    (ledger, 'plan credit: source_amount', 'opendental.payplancharge', 'credit: amount'),
    (ledger, 'plan completed amount: source_amount', 'opendental.payplan', 'plan: amount'),
]) }}
