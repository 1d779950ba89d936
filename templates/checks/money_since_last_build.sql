-- warn: Sums of money that moved by more than a fifth, and 1,000, since the published build.
-- Aged figures and everything measured to a day move with the as-of date: builds whose as-of
-- dates are more than a week apart are not compared.
select
    this.subject,
    this.measure,
    last_one.value as sum_before,
    this.value as sum_now
from ops.build_total as this
inner join ops.build as this_build
    on this.build = this_build.build
inner join ops.current_build as published
    on abs(this_build.as_of - published.as_of) <= 7
inner join ops.build_total as last_one
    on
        published.build = last_one.build
        and this.subject = last_one.subject
        and this.measure = last_one.measure
where
    this.build = {{ build }}
    and this.subject like 'int%'
    and this.measure !~ '_(count|digest)$'
    and abs(this.value - last_one.value) > 1000
    and abs(this.value - last_one.value) * 5 > abs(last_one.value)
order by this.subject, this.measure
