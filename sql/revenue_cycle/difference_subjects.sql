-- What a line of a reconciliation list is about, by the key the list gives; each has an index.
select
    sessions.session_id as subject_id,
    sessions.session_ref as reference,
    sessions.row_version,
    sessions.billing_status as status,
    null as method,
    -- where a credit is paid back: the newest payment the session has something of
    newest.payment_id
from desk.sessions
left join lateral (
    select payments.payment_id
    from desk.payment_allocations as allocations
    inner join desk.payments
        on allocations.payment_id = payments.payment_id
    where
        allocations.session_id = sessions.session_id
        and payments.amount > 0 and not payments.is_reversed
    order by payments.received_on desc, payments.created_at desc
    limit 1
) as newest on true
union all
select
    claim_id as subject_id,
    claim_ref as reference,
    null::integer as row_version,
    null as status,
    null as method,
    null::uuid as payment_id
from desk.claims
union all
select
    payment_id as subject_id,
    reference,
    null::integer as row_version,
    null as status,
    method,
    payment_id
from desk.payments
