-- What claims per staff is made of: open rows of the aging report by who works claims, 0 too.
select
    staff.user_id,
    staff.display_code,
    count(aging_report.session_id) as open_rows,
    count(aging_report.session_id) filter (where aging_report.in_ar) as sent_rows,
    count(aging_report.session_id) filter (where not aging_report.in_ar) as never_sent_rows,
    coalesce(sum(aging_report.outstanding), 0) as outstanding
from desk.staff
left join desk.aging_report
    on staff.user_id = aging_report.assigned_to
where staff.active and staff.works_claims
group by staff.user_id
