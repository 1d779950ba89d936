-- warn: Models that took more than three times their own median to build, and over five seconds.
with history as (
    select
        model,
        percentile_cont(0.5) within group (order by seconds) as median_seconds
    from ops.model_version
    where built_in < {{ build }}
    group by model
    having count(*) >= 3
)

select
    versions.model as subject,
    versions.seconds,
    history.median_seconds
from ops.model_version as versions
inner join history
    on versions.model = history.model
where
    versions.built_in = {{ build }}
    and versions.seconds > 5
    and versions.seconds > 3 * history.median_seconds
