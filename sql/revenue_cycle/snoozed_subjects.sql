-- Sessions and dental claims hidden until a day: only as long as all there is to do about them is.
-- From the few that are snoozed, of which there is an index, and not from all that is to be done.
select
    coalesce(items.session_id, items.dental_claim_id) as subject_id,
    min(items.snoozed_until) as snoozed_until
from desk.work_items as items
where
    items.done_at is null
    and items.snoozed_until > (select desk.today())
    and coalesce(items.session_id, items.dental_claim_id) is not null
    and not exists (
        select 1
        from desk.work_items as awake
        where
            awake.done_at is null
            and coalesce(awake.session_id, awake.dental_claim_id)
            = coalesce(items.session_id, items.dental_claim_id)
            and (awake.snoozed_until is null or awake.snoozed_until <= (select desk.today()))
    )
group by coalesce(items.session_id, items.dental_claim_id)
