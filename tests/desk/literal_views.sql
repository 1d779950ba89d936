-- The definitions of both views as they were written down first; the test holds ours to them.
create schema literal;

create view literal.aging_report as
with t as (select desk.today() as d)
select s.session_id, s.session_ref, s.claim_id, s.client_id, s.clinician_id, s.payer_id,
       s.service_on, s.first_submitted_on, s.last_submitted_on, s.billing_status,
       s.ins_charge, s.amount_paid, s.write_off, s.outstanding, s.assigned_to, s.next_action_on, s.in_ar,
       case when s.first_submitted_on is null then 'service' else 'submission' end as age_basis,
       t.d - coalesce(s.first_submitted_on, s.service_on) as age_days,
       t.d - s.service_on as days_since_service,
       case when not s.in_ar then 'not_submitted'
            when t.d - coalesce(s.first_submitted_on, s.service_on) <= 30 then '0-30'
            when t.d - coalesce(s.first_submitted_on, s.service_on) <= 60 then '31-60'
            when t.d - coalesce(s.first_submitted_on, s.service_on) <= 90 then '61-90'
            else '90+' end as age_bracket,
       s.service_on + p.filing_days as filing_deadline,
       case when s.billing_status in ('denied','appealing') then s.appeal_deadline end as appeal_deadline
from desk.sessions s cross join t left join desk.payers p using (payer_id)
where s.in_ar or s.unbilled;

create view literal.dashboard_metrics as
with t as (select desk.today() as d),
s as (select x.*, t.d from desk.sessions x cross join t),
ar as (select a.*, t.d from literal.aging_report a cross join t),
pay as (select count(*) n, avg(paid_on - first_submitted_on) av,
               percentile_cont(0.5) within group (order by paid_on - first_submitted_on) med,
               avg(paid_on - service_on) from_service
        from s where billing_status = 'paid' and amount_paid > 0 and first_submitted_on is not null
               and paid_on between d - 89 and d and paid_on >= first_submitted_on),
adj as (select count(*) n, count(*) filter (where first_outcome = 'denied') k
        from s where first_adjudicated_on between d - 89 and d),
col as (select coalesce(sum(p.amount) filter (where p.payer_id is not null), 0) ins,
               coalesce(sum(p.amount) filter (where p.payer_id is null), 0) cli
        from desk.payments p cross join t
        where p.received_on between date_trunc('month', t.d)::date and t.d),
wl as (select u.user_id, count(r.session_id) n
       from desk.staff u left join literal.aging_report r on r.assigned_to = u.user_id
       where u.active and u.works_claims group by u.user_id)
select t.d as as_of,
  (select count(*) from ar where not in_ar and service_on <= d)              as unbilled_sessions,
  (select coalesce(sum(outstanding), 0) from ar where in_ar)                 as outstanding_claims_amount,
  (select round(av, 2) from pay)                                             as avg_days_to_payment,
  (select med from pay)                                                      as median_days_to_payment,
  (select round(from_service, 2) from pay)                                   as avg_days_service_to_payment,
  (select n from pay)                                                        as days_to_payment_sample,
  (select count(*) from ar where in_ar and age_days > 90)                    as aging_over_90,
  (select round(100.0 * k / nullif(n, 0), 1) from adj)                       as denial_rate_pct,
  (select n from adj)                                                        as denial_rate_sample,
  (select ins + cli from col)                                                as collections_mtd,
  (select ins from col)                                                      as collections_mtd_insurance,
  (select round(avg(n), 1) from wl)                                          as claims_per_staff_mean,
  (select max(n) from wl)                                                    as claims_per_staff_max,
  (select min(n) from wl)                                                    as claims_per_staff_min,
  (select count(*) from ar where assigned_to is null)                        as claims_unassigned
from t;
