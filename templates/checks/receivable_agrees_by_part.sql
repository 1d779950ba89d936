-- error: The receivable is the same money in every model, part by part, and that of A, B and C.
{% set ledger = 'int_ar_shared_calculations' %}
{% set ties = namespace(pairs=[
    (ledger, 'procedure: amount', 'int_procedure_complete', 'amount'),
    (ledger, 'adjustment: amount', 'int_adjustments', 'amount'),
    (ledger, 'insurance: amount', 'int_insurance_payment_allocated', 'ledger_amount'),
    (ledger, 'patient payment: amount', 'int_payment_split', 'ledger_amount'),
]) %}
{% for model in ['int_ar_analysis_base', 'int_ar_balance'] %}
{% set ties.pairs = ties.pairs + [
    (model, 'balance', ledger, 'all: amount'),
    (model, 'production', ledger, 'procedure: amount'),
    (model, 'adjustments', ledger, 'adjustment: amount'),
    (model, 'insurance_paid', ledger, 'insurance: insurance_paid'),
    (model, 'writeoff', ledger, 'insurance: writeoff'),
    (model, 'patient_payments', ledger, 'patient payment: amount'),
    (model, 'payplan', ledger, 'plans: amount'),
    (model, 'insurance_pending', ledger, 'all: insurance_pending'),
    (model, 'writeoff_pending', ledger, 'all: writeoff_pending'),
] %}
{% endfor %}
{% for type in [
    'procedure', 'insurance', 'adjustment', 'patient payment',
    'plan debit', 'plan credit', 'plan link', 'plan completed amount',
] %}
{% set ties.pairs = ties.pairs + [
    ('int_ar_transaction_history', type ~ ': amount', ledger, type ~ ': amount'),
    ('int_ar_transaction_history', type ~ ': row_count', ledger, type ~ ': row_count'),
    ('int_ar_transaction_history', type ~ ': key_digest', ledger, type ~ ': key_digest'),
] %}
{% endfor %}
{{ totals_apart(build, ties.pairs) }}
