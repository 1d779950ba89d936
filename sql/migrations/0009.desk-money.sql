-- depends: 0008.desk-sessions
-- Payments and what became of them: nothing here is ever edited, only undone by an opposite row.
set role daysheet_owner;

create table desk.payments (
    payment_id uuid primary key default gen_random_uuid(),
    payer_id uuid references desk.payers,
    method text not null check (
        method in ('eft', 'check', 'card', 'cash', 'virtual_card', 'adjustment')
    ),
    reference text,
    reference_norm text generated always as (
        nullif(regexp_replace(upper(reference), '[^A-Z0-9]', '', 'g'), '')
    ) stored,
    received_on date not null,
    amount numeric(12, 2) not null,
    source text not null check (source in ('manual', 'payment_report', 'payment_export')),
    idempotency_key text not null unique,
    reverses_payment_id uuid references desk.payments,
    is_reversed boolean not null default false,
    forced_reason text,
    by_user text not null,
    as_of date not null default desk.today(),
    created_at timestamptz not null default now(),
    constraint received_by_today check (received_on <= as_of),
    constraint money_moves check (amount != 0 or source = 'payment_report'),
    constraint a_reversal_is_opposite check (reverses_payment_id is null or amount < 0)
);
comment on table desk.payments is
'Money received, by whom it was sent: payer_id null is client money. Insurance money counts where '
'it is allocated. is_reversed, set once by the reversal, is all that ever changes.';
create unique index one_payment_once on desk.payments (payer_id, reference_norm, received_on, amount)
where not is_reversed and reverses_payment_id is null
and reference_norm is not null and forced_reason is null;
create index payment_by_day on desk.payments (received_on);
create index payment_reversals on desk.payments (reverses_payment_id)
where reverses_payment_id is not null;

create table desk.payment_allocations (
    allocation_id uuid primary key default gen_random_uuid(),
    payment_id uuid not null references desk.payments,
    session_id uuid not null references desk.sessions,
    amount numeric(12, 2) not null,
    split text not null check (split in ('exact', 'auto')),
    reverses_allocation_id uuid unique references desk.payment_allocations,
    by_user text not null,
    file_id bigint references ops.file,
    line bigint,
    created_at timestamptz not null default now()
);
comment on table desk.payment_allocations is
'Which sessions a payment paid; a wrong one is undone by a row that names it, with the opposite '
'amount. Live allocations of a payment never go beyond it.';
create index allocation_by_payment on desk.payment_allocations (payment_id);
create index allocation_by_session on desk.payment_allocations (session_id);

create table desk.remittance_lines (
    line_id uuid primary key default gen_random_uuid(),
    line_key bytea not null,
    n integer not null default 1 check (n > 0),
    payment_id uuid not null references desk.payments,
    client_id uuid not null references desk.clients,
    clearinghouse_ref text,
    payer_claim_no text,
    amount numeric(12, 2) not null,
    payment_status text not null,
    claim_id uuid references desk.claims,
    reverses_line_id uuid unique references desk.remittance_lines,
    is_applied boolean not null default false,
    file_id bigint references ops.file,
    line bigint,
    created_at timestamptz not null default now(),
    unique (line_key, n)
);
comment on table desk.remittance_lines is
'What a payer said each part of a payment was for. line_key is the hash of the line''s cells: the '
'same line of a later file is no news; n counts those a person took for two. claim_id and '
'is_applied come when the claim and its sessions are known.';
create index remittance_line_by_payment on desk.remittance_lines (payment_id);
create index remittance_line_by_claim on desk.remittance_lines (claim_id);
create index remittance_line_waiting on desk.remittance_lines (clearinghouse_ref)
where not is_applied;

create table desk.adjustments (
    adjustment_id uuid primary key default gen_random_uuid(),
    session_id uuid references desk.sessions,
    payment_id uuid references desk.payments,
    kind text not null check (kind in (
        'contractual', 'write_off', 'to_client', 'from_client', 'interest', 'takeback'
    )),
    amount numeric(12, 2) not null check (amount != 0),
    reason text not null check (reason != ''),
    reverses_adjustment_id uuid unique references desk.adjustments,
    by_user text not null,
    source text not null check (source in ('ui', 'import', 'dag')),
    created_at timestamptz not null default now(),
    -- Interest and payer-level take-backs are never spread over sessions.
    constraint interest_is_the_payers check (
        (kind in ('interest', 'takeback')) = (session_id is null and payment_id is not null)
    )
);
comment on table desk.adjustments is
'Amounts taken off what a session''s payer owes, or moved between payer and client. Append-only; '
'undone by a row that names it, with the opposite amount.';
create index adjustment_by_session on desk.adjustments (session_id);

create table desk.denials (
    denial_id uuid primary key default gen_random_uuid(),
    session_id uuid not null references desk.sessions,
    denied_on date not null,
    is_estimated boolean not null default false,
    category text not null check (category in (
        'eligibility', 'authorization', 'coding', 'documentation', 'timely_filing', 'duplicate',
        'coordination_of_benefits', 'non_covered', 'medical_necessity', 'credentialing', 'other'
    )),
    carc text,
    group_code text check (group_code in ('CO', 'PR', 'OA', 'PI')),
    note text,
    resolved_on date,
    resolution text,
    by_user text not null,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index one_open_denial on desk.denials (session_id) where resolved_on is null;

create table desk.appeals (
    appeal_id uuid primary key default gen_random_uuid(),
    denial_id uuid not null references desk.denials,
    level integer not null check (level between 1 and 3),
    filed_on date not null,
    method text not null,
    due_on date,
    decided_on date,
    decision text check (decision in ('overturned', 'upheld', 'partial', 'withdrawn')),
    by_user text not null,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (denial_id, level),
    constraint decided_on_a_day check ((decided_on is null) = (decision is null))
);

-- What a session was paid is the sum of its allocations, whoever writes them.
create function desk.post_allocation() returns trigger
language plpgsql security definer set search_path = desk, pg_temp as $$
declare
    paid desk.payments;
    live numeric;
begin
    select * into strict paid from desk.payments where payment_id = new.payment_id for update;
    if paid.payer_id is null then
        raise exception 'client money is not allocated to an insurance balance'
        using errcode = 'check_violation', schema = 'desk', table = 'payment_allocations',
        constraint = 'insurance_money_only';
    end if;
    select coalesce(sum(amount), 0) into live
    from desk.payment_allocations where payment_id = new.payment_id;
    if abs(live) > abs(paid.amount) or live * paid.amount < 0 then
        raise exception 'allocations go beyond their payment'
        using errcode = 'check_violation', schema = 'desk', table = 'payment_allocations',
        constraint = 'within_the_payment';
    end if;
    -- the sum is read under the session's lock, so that none is missed
    perform from desk.sessions where session_id = new.session_id for update;
    update desk.sessions set ins_paid_posted = (
        select sum(amount) from desk.payment_allocations where session_id = new.session_id
    ) where session_id = new.session_id;
    return null;
end
$$;
create trigger post_allocation after insert on desk.payment_allocations
for each row execute function desk.post_allocation();

create function desk.post_adjustment() returns trigger
language plpgsql security definer set search_path = desk, pg_temp as $$
begin
    -- the sums are read under the session's lock, so that none is missed
    perform from desk.sessions where session_id = new.session_id for update;
    update desk.sessions set
        write_off_posted = (
            select sum(amount) from desk.adjustments
            where session_id = new.session_id and kind in ('contractual', 'write_off')
            -- nothing is left of what was undone: the export's own write-off counts again
            having bool_or(
                reverses_adjustment_id is null and not exists (
                    select from desk.adjustments as undoing
                    where undoing.reverses_adjustment_id = adjustments.adjustment_id
                )
            )
        ),
        client_transfer = (
            select coalesce(sum(case kind when 'to_client' then amount else -amount end), 0)
            from desk.adjustments
            where session_id = new.session_id and kind in ('to_client', 'from_client')
        )
    where session_id = new.session_id;
    return null;
end
$$;
create trigger post_adjustment after insert on desk.adjustments
for each row when (new.session_id is not null) execute function desk.post_adjustment();

create function desk.keep_payment() returns trigger
language plpgsql as $$
begin
    if not (new.is_reversed and not old.is_reversed)
    or (to_jsonb(new) - 'is_reversed') is distinct from (to_jsonb(old) - 'is_reversed') then
        raise exception 'a saved payment is never edited'
        using errcode = 'restrict_violation', schema = 'desk', table = 'payments';
    end if;
    return new;
end
$$;
create trigger keep_payment before update on desk.payments
for each row execute function desk.keep_payment();
create trigger append_only before delete or truncate on desk.payments
for each statement execute function desk.refuse_change();

create view desk.payment_balances as
select
    payments.payment_id,
    payments.payer_id,
    payments.method,
    payments.reference,
    payments.received_on,
    payments.source,
    payments.reverses_payment_id,
    payments.amount,
    coalesce(allocated.amount, 0) as allocated,
    payments.amount - coalesce(allocated.amount, 0) as unapplied,
    case
        when payments.is_reversed then 'reversed'
        when coalesce(allocated.amount, 0) = payments.amount then 'applied'
        when coalesce(allocated.amount, 0) = 0 then 'unapplied'
        else 'partly_applied'
    end as state
from desk.payments
left join (
    select
        payment_id,
        sum(amount) as amount
    from desk.payment_allocations
    group by payment_id
) as allocated on payments.payment_id = allocated.payment_id;

do $$
declare
    one text;
begin
    foreach one in array array['denials', 'appeals'] loop
        execute format(
            'create trigger touch before update on desk.%I for each row execute function desk.touch()',
            one
        );
    end loop;
    foreach one in array array['payment_allocations', 'adjustments'] loop
        execute format(
            'create trigger append_only before update or delete or truncate on desk.%I '
            'for each statement execute function desk.refuse_change()', one
        );
    end loop;
end
$$;

reset role;
