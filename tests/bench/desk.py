"""What the desk's views and lists take over fifty thousand sessions, with the plans beside."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from statistics import median

import psycopg
from psycopg import sql

from daysheet.desk.published import published
from daysheet.desk.reading.metrics import read_metrics
from daysheet.desk.reading.receivables import PAGE
from daysheet.warehouse import Role, session
from tests.bench.stage import Warehouse

SESSIONS = 50_000

# Chance is the hash of a number and a name, so that the same rows come out every time.
_FILL = (
    """
    create function pg_temp.chance(n bigint, what text) returns double precision
    language sql immutable
    return (hashtextextended(what, n) & 1048575) / 1048576.0;
    """,
    """
    insert into desk.payers (external_id, name, filing_days)
    select 'P' || to_char(n, 'FM000'), 'Payer ' || n, 60 + 30 * (n %% 5)
    from generate_series(1, 40) as numbers (n);
    insert into desk.staff (user_id, display_code, desk_role, works_claims)
    select 'user' || n, 'U' || n, 'biller', true from generate_series(1, 6) as numbers (n);
    insert into desk.clients (client_key, full_name, initials)
    select sha256(n::text::bytea), 'Client ' || n, 'CN' from generate_series(1, 2500) as n;
    insert into desk.clinicians (clinician_key, name)
    select n::text, 'Clinician ' || n from generate_series(1, 25) as numbers (n);
    """,
    """
    create temporary table drawn as
    with parties as (
        select
            array(select payer_id from desk.payers order by external_id) as payers,
            array(select client_id from desk.clients order by client_key) as clients,
            array(select clinician_id from desk.clinicians order by clinician_key) as clinicians
    )
    select
        n,
        %(until)s::date - (pg_temp.chance(n, 'age') ^ 1.5 * 730)::integer as service_on,
        clients[1 + n %% 2500] as client_id,
        clinicians[1 + n %% 25] as clinician_id,
        payers[1 + (pg_temp.chance(n, 'payer') * 39)::integer] as payer_id,
        (60 + pg_temp.chance(n, 'charge') * 180)::numeric(12, 2) as ins_charge,
        case
            when pg_temp.chance(n, 'status') < 0.70 then 'paid'
            when pg_temp.chance(n, 'status') < 0.74 then 'client_responsibility'
            when pg_temp.chance(n, 'status') < 0.77 then 'written_off'
            when pg_temp.chance(n, 'status') < 0.80 then 'denied'
            when pg_temp.chance(n, 'status') < 0.86 then 'submitted'
            when pg_temp.chance(n, 'status') < 0.90 then 'pending'
            when pg_temp.chance(n, 'status') < 0.93 then 'approved'
            when pg_temp.chance(n, 'status') < 0.96 then 'documented'
            else 'completed'
        end as billing_status
    from generate_series(1, %(sessions)s) as numbers (n)
    cross join parties;
    """,
    """
    insert into desk.sessions (
        service_on, client_id, clinician_id, billing_code, payer_id, ins_charge,
        ins_paid_reported, billing_status, first_submitted_on, last_submitted_on, paid_on,
        denied_on, first_adjudicated_on, first_outcome, assigned_to
    )
    select
        service_on, client_id, clinician_id, 'S' || n, payer_id, ins_charge,
        case when billing_status = 'paid' then ins_charge else 0 end, billing_status,
        sent_on, sent_on,
        case when billing_status = 'paid' then least(service_on + 25, %(until)s) end,
        case when billing_status = 'denied' then service_on + 20 end,
        case when billing_status in ('paid', 'denied') then service_on + 20 end,
        case when billing_status in ('paid', 'denied') then billing_status end,
        case when pg_temp.chance(n, 'owner') < 0.9 then 'user' || (1 + n %% 6) end
    from drawn
    left join lateral (
        select least(service_on + 3, %(until)s) as sent_on
        where billing_status not in ('documented', 'completed')
    ) as sending on true;
    """,
    """
    insert into desk.session_status_history (session_id, to_status, actor, source)
    select session_id, billing_status, 'system:bench', 'import' from desk.sessions;
    """,
    # Each payer pays what is due once a week; of every fiftieth payment nobody knows for whom.
    """
    create temporary table due as
    select
        session_id,
        payers.payer_id,
        ins_charge,
        paid_on,
        payers.external_id || to_char(paid_on, '-IYYY-IW') as remittance
    from desk.sessions
    inner join desk.payers on sessions.payer_id = payers.payer_id
    where billing_status = 'paid';
    insert into desk.payments (
        payer_id, method, received_on, amount, source, idempotency_key, by_user
    )
    select
        payer_id, 'eft', max(paid_on), sum(ins_charge), 'payment_report', remittance,
        'system:bench'
    from due
    group by payer_id, remittance;
    insert into desk.payment_allocations (payment_id, session_id, amount, split, by_user)
    select payments.payment_id, due.session_id, due.ins_charge, 'exact', 'system:bench'
    from due
    inner join desk.payments on due.remittance = payments.idempotency_key
    where pg_temp.chance(hashtext(due.remittance), 'matched') > 0.02;
    """,
)


def fill_desk(warehouse: Warehouse, until: date, sessions: int = SESSIONS) -> float:
    """Write that many sessions of two years, the same every time; the seconds it took."""
    started = time.monotonic()
    with psycopg.connect(warehouse.admin) as db:
        db.execute("select set_config('daysheet.as_of', %s, false)", [until.isoformat()])
        for statements in _FILL:
            with psycopg.ClientCursor(db) as cursor:
                cursor.execute(statements, {"until": until, "sessions": sessions})
        db.commit()
        db.autocommit = True
        db.execute("vacuum analyze")
    return time.monotonic() - started


def measure_desk(
    warehouse: Warehouse, until: date, rounds: int
) -> tuple[dict[str, object], dict[str, str]]:
    """Milliseconds of each view and list, rows fetched and all; and their plans."""
    settings = {"daysheet.as_of": until.isoformat()}
    with (
        session(warehouse.dsn(Role.DESK), "bench", autocommit=True, settings=settings) as db,
        _aged(db) as aged,
    ):
        asked = {
            "aging_report": sql.SQL("select * from desk.aging_report"),
            "dashboard_metrics": sql.SQL("select * from desk.dashboard_metrics"),
            "aged_claims, a page": aged,
        }
        figures = {
            name: _taken(lambda query=query: db.execute(query).fetchall(), rounds)
            for name, query in asked.items()
        }
        plans = {
            name: "\n".join(
                line for (line,) in db.execute(sql.SQL("explain (analyze) {}").format(query))
            )
            for name, query in asked.items()
        }
    with session(warehouse.dsn(Role.DESK), "bench", autocommit=True, settings=settings) as db:
        figures["the dashboard, all of it"] = _taken(lambda: read_metrics(db), rounds)
    return figures, plans


@contextmanager
def _aged(db: psycopg.Connection) -> Iterator[sql.Composed]:
    """A page of the aged claims as the list asks for it, in the transaction it is read in."""
    order = sql.SQL("order by age_days desc, reference limit {}").format(sql.Literal(PAGE))
    with published(db) as reader:
        yield reader.statement("aged_claims", order)


def _taken(work: Callable[[], object], rounds: int) -> str:
    taken = []
    for _ in range(rounds + 1):  # the first warms the cache
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return f"{median(taken[1:]) * 1000:.0f} ms"
