-- depends: 0008.desk-sessions
-- Payments and what became of them: nothing here is ever edited, only undone by an opposite row.
set role daysheet_owner;

create function desk.plain_reference(reference text) returns text
language sql immutable parallel safe
return nullif(regexp_replace(upper(reference), '[^A-Z0-9]', '', 'g'), '');
comment on function desk.plain_reference(text) is
'A payment''s reference as references are compared: letters and digits, upper case.';

create table desk.payments (
    payment_id uuid primary key default gen_random_uuid(),
    payer_id uuid references desk.payers,
    method text not null check (
        method in ('eft', 'check', 'card', 'cash', 'virtual_card', 'adjustment')
    ),
    reference text,
    reference_norm text generated always as (desk.plain_reference(reference)) stored,
    received_on date not null,
    amount numeric(12, 2) not null,
    source text not null check (source in ('manual', 'payment_report', 'payment_export')),
    idempotency_key text not null unique,
    reverses_payment_id uuid references desk.payments,
    is_reversed boolean not null default false,
    forced_reason text,
    reversal_reason text,
    by_user text not null,
    as_of date not null default desk.today(),
    created_at timestamptz not null default now(),
    constraint received_by_today check (received_on <= as_of),
    constraint money_moves check (amount != 0 or source = 'payment_report'),
    constraint a_reversal_is_opposite check (reverses_payment_id is null or amount < 0),
    constraint reversed_for_a_reason check (
        (reverses_payment_id is null) = (reversal_reason is null)
    )
);
comment on table desk.payments is
'Money received, by whom it was sent: payer_id null is client money. Insurance money counts where '
'it is allocated. is_reversed, set once by the reversal, is all that ever changes.';
create unique index one_payment_once
on desk.payments (payer_id, reference_norm, received_on, amount)
where not is_reversed and reverses_payment_id is null
and reference_norm is not null and forced_reason is null;
create index payment_by_day on desk.payments (received_on);
-- a payment with its reversals
create index payment_family on desk.payments ((coalesce(reverses_payment_id, payment_id)));

create table desk.payment_allocations (
    allocation_id uuid primary key default gen_random_uuid(),
    payment_id uuid not null references desk.payments,
    session_id uuid not null references desk.sessions,
    amount numeric(12, 2) not null,
    split text not null check (split in ('exact', 'auto')),
    reverses_allocation_id uuid references desk.payment_allocations,
    by_user text not null,
    file_id bigint references ops.file,
    line bigint,
    created_at timestamptz not null default now()
);
comment on table desk.payment_allocations is
'Which sessions a payment paid; a wrong one is undone, in whole or in part, by a row that names '
'it, with the opposite amount. Live allocations of a payment never go beyond it.';
create index allocation_by_payment on desk.payment_allocations (payment_id);
create index allocation_by_session on desk.payment_allocations (session_id);
create index allocation_reversals on desk.payment_allocations (reverses_allocation_id)
where reverses_allocation_id is not null;

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
    file_id bigint references ops.file,
    line bigint,
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
create index adjustment_by_payment on desk.adjustments (payment_id) where payment_id is not null;

create table desk.reconciliation_clearances (
    clearance_id uuid primary key default gen_random_uuid(),
    difference text not null check (difference in (
        'unapplied', 'claim_without_session', 'ledger_against_export', 'control_total', 'credit',
        'paid_not_posted'
    )),
    subject text not null,
    amount numeric(12, 2) not null,
    reason text not null check (reason != ''),
    by_user text not null,
    at timestamptz not null default now()
);
comment on table desk.reconciliation_clearances is
'Who looked at a line of a reconciliation list and found it in order, and why; a line of another '
'amount is a new one. subject is the key of its payment, claim or session, or reference and day.';
create index clearance_by_subject on desk.reconciliation_clearances (difference, subject);

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
    amount numeric(12, 2) not null default 0 check (amount >= 0),
    paid_before numeric(12, 2) not null default 0,
    resolved_on date,
    resolution text,
    by_user text not null,
    row_version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table desk.denials is
'Each time a payer refused a session, and how that ended; one is open at a time. amount is what '
'was outstanding then, paid_before what had been paid.';
comment on column desk.denials.carc is 'The payer''s reason code, as 50 or N130.';
comment on column desk.denials.group_code is
'Who bears it, as the payer says: CO contract, PR patient, OA other, PI payer.';
comment on column desk.denials.is_estimated is
'The day is only that of the file which told; a remittance''s day replaces it.';
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
comment on table desk.appeals is
'Appeals against a denial, one a level, up to three. due_on is when a decision should be there.';

-- A payment with its reversals: what is allocated or set aside stays within what was received.
create function desk.check_payments(roots uuid[]) returns void
language plpgsql as $$
begin
    if exists (
        with members as (
            select coalesce(reverses_payment_id, payment_id) as root, payment_id, amount
            from desk.payments where coalesce(reverses_payment_id, payment_id) = any(roots)
        ),
        spent as (
            select
                root,
                amount,
                (
                    select coalesce(sum(amount), 0) from desk.payment_allocations
                    where payment_id = members.payment_id
                ) + (
                    select coalesce(sum(amount), 0) from desk.adjustments
                    where payment_id = members.payment_id
                ) as used
            from members
        )
        select from spent where abs(used) > abs(amount) or used * amount < 0
        union all
        select from spent group by root
        having abs(sum(used)) > abs(sum(amount)) or sum(used) * sum(amount) < 0
        or (max(amount) > 0 and sum(amount) < 0)
    ) then
        raise exception 'allocations go beyond their payment'
        using errcode = 'check_violation', schema = 'desk', table = 'payment_allocations',
        constraint = 'within_the_payment';
    end if;
end
$$;

-- What a session was paid is the sum of its allocations, whoever writes them.
create function desk.post_allocations() returns trigger
language plpgsql security definer set search_path = desk, pg_temp as $$
declare
    roots uuid[];
begin
    -- the sums are read under these locks, so that none is missed; sessions come before payments
    perform from desk.sessions
    where session_id in (select session_id from posted) order by session_id for update;
    select array_agg(distinct coalesce(payments.reverses_payment_id, payments.payment_id))
    into roots
    from posted inner join desk.payments on posted.payment_id = payments.payment_id;
    perform from desk.payments where payment_id = any(roots) order by payment_id for update;
    if exists (select from desk.payments where payment_id = any(roots) and payer_id is null) then
        raise exception 'client money is not allocated to an insurance balance'
        using errcode = 'check_violation', schema = 'desk', table = 'payment_allocations',
        constraint = 'insurance_money_only';
    end if;
    if exists (
        select
        from posted
        inner join desk.payment_allocations as undone
            on posted.reverses_allocation_id = undone.allocation_id
        where posted.session_id != undone.session_id
        or posted.amount * undone.amount >= 0
        or abs(undone.amount) < (
            select abs(sum(undoing.amount)) from desk.payment_allocations as undoing
            where undoing.reverses_allocation_id = undone.allocation_id
        )
    ) then
        raise exception 'an allocation is undone by its opposite, once'
        using errcode = 'check_violation', schema = 'desk', table = 'payment_allocations',
        constraint = 'undone_by_its_opposite';
    end if;
    perform desk.check_payments(roots);
    update desk.sessions set ins_paid_posted = allocated.amount
    from (
        select session_id, sum(amount) as amount from desk.payment_allocations
        where session_id in (select session_id from posted)
        group by session_id
    ) as allocated
    where sessions.session_id = allocated.session_id;
    return null;
end
$$;
create trigger post_allocations after insert on desk.payment_allocations
referencing new table as posted for each statement execute function desk.post_allocations();

create function desk.check_reversal() returns trigger
language plpgsql security definer set search_path = desk, pg_temp as $$
begin
    if exists (
        select from desk.payments
        where payment_id = new.reverses_payment_id
        and (reverses_payment_id is not null or payer_id is distinct from new.payer_id)
    ) then
        raise exception 'a reversal goes back to who paid, and is not reversed'
        using errcode = 'check_violation', schema = 'desk', table = 'payments',
        constraint = 'reverses_money_received';
    end if;
    perform desk.check_payments(array[new.reverses_payment_id]);
    return null;
end
$$;
create constraint trigger within_the_payment after insert on desk.payments
deferrable initially deferred for each row when (new.reverses_payment_id is not null)
execute function desk.check_reversal();

create function desk.post_adjustment() returns trigger
language plpgsql security definer set search_path = desk, pg_temp as $$
begin
    if new.reverses_adjustment_id is not null and not exists (
        select from desk.adjustments
        where adjustment_id = new.reverses_adjustment_id
        and (kind, amount, session_id, payment_id)
        is not distinct from (new.kind, -new.amount, new.session_id, new.payment_id)
    ) then
        raise exception 'an adjustment is undone by its opposite'
        using errcode = 'check_violation', schema = 'desk', table = 'adjustments',
        constraint = 'undone_by_its_opposite';
    end if;
    if new.payment_id is not null then
        perform from desk.payments where payment_id = new.payment_id for update;
        perform desk.check_payments(array[new.payment_id]);
        return null;
    end if;
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
for each row execute function desk.post_adjustment();

create function desk.keep_payment() returns trigger
language plpgsql as $$
declare
    -- what is generated has no value yet
    free constant text[] := array['is_reversed', 'reference_norm'];
begin
    if not (new.is_reversed and not old.is_reversed)
    or (to_jsonb(new) - free) is distinct from (to_jsonb(old) - free) then
        raise exception 'a saved payment is never edited'
        using errcode = 'restrict_violation', schema = 'desk', table = 'payments';
    end if;
    if (
        select sum(amount) from desk.payments
        where coalesce(reverses_payment_id, payment_id) = new.payment_id
    ) != 0 then
        raise exception 'money is left of a payment that is called reversed'
        using errcode = 'check_violation', schema = 'desk', table = 'payments',
        constraint = 'reversed_as_a_whole';
    end if;
    return new;
end
$$;
create trigger keep_payment before update on desk.payments
for each row execute function desk.keep_payment();
create trigger append_only before delete or truncate on desk.payments
for each statement execute function desk.refuse_change();

create view desk.payment_balances as
with families as (
    select
        payment_id,
        coalesce(reverses_payment_id, payment_id) as root_id,
        amount
    from desk.payments
),

entries as (
    select
        root_id,
        amount as kept,
        0 as allocated,
        0 as set_aside
    from families
    union all
    select
        families.root_id,
        0 as kept,
        payment_allocations.amount as allocated,
        0 as set_aside
    from families
    inner join desk.payment_allocations on families.payment_id = payment_allocations.payment_id
    union all
    select
        families.root_id,
        0 as kept,
        0 as allocated,
        adjustments.amount as set_aside
    from families
    inner join desk.adjustments on families.payment_id = adjustments.payment_id
),

received as (
    select
        root_id,
        sum(kept) as kept,
        sum(allocated) as allocated,
        sum(set_aside) as set_aside
    from entries
    group by root_id
)

select
    payments.payment_id,
    payments.payer_id,
    payments.method,
    payments.reference,
    payments.received_on,
    payments.source,
    payments.amount,
    received.kept,
    received.allocated,
    received.set_aside,
    received.kept - received.allocated - received.set_aside as unapplied,
    case
        when payments.is_reversed then 'reversed'
        when received.allocated + received.set_aside = received.kept then 'applied'
        when received.allocated + received.set_aside = 0 then 'unapplied'
        else 'partly_applied'
    end as state
from desk.payments
inner join received on payments.payment_id = received.root_id;
comment on view desk.payment_balances is
'Each payment, its reversals taken off: kept is what is left of it, set_aside is interest and '
'payer-level take-backs, unapplied is for no session yet. Reversals have no row of their own.';

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
    foreach one in array array[
        'payment_allocations', 'adjustments', 'reconciliation_clearances'
    ] loop
        execute format(
            'create trigger append_only before update or delete or truncate on desk.%I '
            'for each statement execute function desk.refuse_change()', one
        );
    end loop;
end
$$;

reset role;
