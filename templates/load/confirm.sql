-- a later file says the same: the row is known to be right until then
update {{ raw }} as current_row
set _row_time = verdicts.later_time
from {{ verdicts }} as verdicts
where
    current_row.ctid = verdicts.old_row
    and verdicts.later_time is not null
