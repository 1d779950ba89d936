-- Amounts taken off sessions or moved to the client that nobody has undone.
select
    adjustments.session_id as subject_id,
    adjustments.adjustment_id,
    adjustments.kind,
    adjustments.amount,
    adjustments.reason,
    adjustments.by_user,
    adjustments.created_at as at,
    coalesce(staff.display_code, adjustments.by_user) as who
from desk.adjustments
left join desk.staff
    on adjustments.by_user = staff.user_id
where
    adjustments.session_id is not null
    and adjustments.reverses_adjustment_id is null
    and not exists (
        select from desk.adjustments as undoing
        where undoing.reverses_adjustment_id = adjustments.adjustment_id
    )
