-- What payers, files and alerts told of a session or a dental claim, as events of its timeline.
with disputed as (
    {{ query('claim_denials') }}
),

alerted as (
    select
        session_id as subject_id,
        alert_id,
        rule_code
    from desk.alerts
    union all
    select
        dental_claim_id as subject_id,
        alert_id,
        rule_code
    from desk.alerts
)

select
    disputed.subject_id,
    'denial' as kind,
    disputed.category as code,
    null as was,
    nullif(concat_ws(' ', disputed.group_code, disputed.carc), '') as via,
    disputed.amount,
    disputed.denied_on as on_day,
    disputed.note as free_text,
    disputed.actor,
    null::bigint as file_id,
    null::bigint as line,
    disputed.at
from disputed
where coalesce(disputed.level, 1) = 1
union all
select
    disputed.subject_id,
    'appeal' as kind,
    disputed.level::text as code,
    null as was,
    null as via,
    null as amount,
    disputed.filed_on as on_day,
    disputed.method as free_text,
    disputed.appealed_by as actor,
    null as file_id,
    null as line,
    disputed.appealed_at as at
from disputed
where disputed.level is not null
union all
-- a later file that says the same is no event
select
    row_verdict.session_id as subject_id,
    'import' as kind,
    row_verdict.verdict as code,
    nullif(array_to_string(row_verdict.warnings, ', '), '') as was,
    file.table_name as via,
    null as amount,
    file.exported_on::date as on_day,
    row_verdict.decision_reason as free_text,
    coalesce(row_verdict.decided_by, 'system:import') as actor,
    row_verdict.file_id,
    row_verdict.line,
    coalesce(row_verdict.decided_at, file.received_at) as at
from ops.row_verdict
inner join ops.file
    on row_verdict.file_id = file.file_id
where row_verdict.verdict not in ('unchanged', 'duplicate_dropped', 'skipped')
union all
select
    alerted.subject_id,
    'alert' as kind,
    alert_events.kind as code,
    alert_rules.title as was,
    alert_events.severity as via,
    null as amount,
    alert_events.quiet_until as on_day,
    alert_events.note as free_text,
    alert_events.actor,
    null as file_id,
    null as line,
    alert_events.at
from desk.alert_events
inner join alerted
    on alert_events.alert_id = alerted.alert_id
inner join desk.alert_rules
    on alerted.rule_code = alert_rules.code
