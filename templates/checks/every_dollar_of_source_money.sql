-- error: Every dollar of source money is in exactly one row of each ledger model.
{{ totals_apart(build, [
    ('int_procedure_complete', 'amount', 'opendental.procedurelog', 'amount'),
    ('int_adjustments', 'amount', 'opendental.adjustment', 'amount'),
    ('int_payment_split', 'amount', 'opendental.paysplit', 'amount'),
    ('int_patient_payment_allocated', 'amount', 'opendental.paysplit', 'amount'),
    ('int_insurance_payment_allocated', 'amount', 'opendental.claimproc', 'paid_amount'),
]) }}
