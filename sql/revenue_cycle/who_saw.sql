-- Looks at clients and exports of them, as the audit has them.
select
    audit.audit_id,
    audit.at,
    audit.actor,
    coalesce(staff.display_code, audit.actor) as who,
    audit.action,
    audit.subject,
    audit.detail -> 'clients' as clients,
    coalesce(audit.detail ->> 'shown', 'initials') as shown,
    audit.detail ->> 'reason' as reason
from ops.audit
left join desk.staff
    on audit.actor = staff.user_id
where audit.action in ('viewed', 'exported')
