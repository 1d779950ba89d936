-- Sessions and dental claims hidden until a day: only as long as all there is to do about them is.
select
    coalesce(session_id, dental_claim_id) as subject_id,
    min(coalesce(snoozed_until, '-infinity')) as snoozed_until
from desk.work_items
where done_at is null and coalesce(session_id, dental_claim_id) is not null
group by coalesce(session_id, dental_claim_id)
having min(coalesce(snoozed_until, '-infinity')) > desk.today()
