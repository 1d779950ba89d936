-- What was done is the permission it took. Log texts hold names and amounts and are not loaded.
with seen_permissions as (
    select distinct perm_type as permission_code
    from {{ source('opendental', 'securitylog') }}
),

permissions as materialized (
    select
        permission_code,
        {{ label('EnumPermType', 'permission_code') }} as permission_name
    from seen_permissions
),

areas as (
    select
        permission_code,
        permission_name,
        case
            when permission_name ~ '^(Appointment|Appt|Schedules|Blockouts|Ecw|WebSched)'
                then 'appointment'
            when permission_name ~ '^(Claim|PreAuth|NewClaims|UpdateCustomTracking)' then 'claim'
            when permission_name ~ '^(Payment|PayPlan|Split|Deposit|CreditCard|InsPay|InsWriteOff)'
                then 'payment'
            when permission_name ~ '^(Adjustment|SalesTaxAdj)' then 'adjustment'
            when permission_name ~ '^(Account[MP]|Billing|Statement|.*Aging|RepeatCh|DiscountPlan)'
                then 'account'
            when permission_name ~ '^(Ins|Carrier|PatPlan|LogSubscriber)' then 'insurance'
            when permission_name ~ '^(Fee|ProviderFee|ProcFee|LogFee|AllowFee)' then 'fee'
            when permission_name ~ '^(Proc|TreatPlan|TPModule)' then 'treatment'
            when permission_name ~ '^(Rx|Perio|Ortho|Med|Allergy|Problem|Chart|Pat.*(List|Health))'
                then 'clinical'
            when permission_name ~ '^(Commlog|Email|WebMail|TextMessage)' then 'communication'
            when permission_name ~ '^(Task|EditReadOnlyTasks)' then 'task'
            when permission_name ~ '^(Imag|Sheet)' then 'document'
            when permission_name ~ '^(Patient|PatPri|Family|Ref|Archived)' then 'patient'
            when permission_name ~ '^(Report|GraphicalReports|.*Query)' then 'report'
            when permission_name ~ '^(Security|UserLog|AddNewUser|AuditTrail|CloseOther|AllowLogin)'
                then 'security'
            when permission_name ~ '^(Def|Provider|Clinic)|Setup' then 'setup'
            else 'other'
        end as action_area,
        case
            when permission_name ~ '^Appointment(Create|Move|Edit|Complete|Delete|Resize)'
                then 'appointment'
            when permission_name ~ '^Claim(Send|Sent|Edit|Delete|View|History)' then 'claim'
            when permission_name ~ '^Payment(Create|Edit)' then 'payment'
            when permission_name ~ '^Adjustment(Create|Edit)' then 'adjustment'
            when permission_name ~ '^Proc(Compl|Delete|Edit$|Existing)' then 'procedurelog'
        end as object_table
    from permissions
),

entries as (
    select
        'securitylog' as log_source_table,
        audits.security_log_id as log_id,
        audits.log_date_time as logged_at,
        audits.user_id,
        audits.perm_type as permission_code,
        areas.permission_name,
        areas.action_area,
        audits.patient_id,
        nullif(audits.object_id, 0) as object_id,
        areas.object_table,
        audits.log_source,
        nullif(audits.comp_name, '') as workstation,
        audits.date_t_previous as previous_object_change_at,
        audits._created_at,
        audits._updated_at
    from {{ source('opendental', 'securitylog') }} as audits
    left join areas
        on audits.perm_type = areas.permission_code
    union all
    select
        'entrylog' as log_source_table,
        entry_log_id as log_id,
        entry_date_time as logged_at,
        user_id,
        null as permission_code,
        null as permission_name,
        case f_key_type when 0 then 'appointment' else 'other' end as action_area,
        null as patient_id,
        object_id,
        case f_key_type when 0 then 'appointment' end as object_table,
        log_source,
        null as workstation,
        null as previous_object_change_at,
        _created_at,
        _updated_at
    from {{ source('opendental', 'entrylog') }}
),

user_groups as (
    select
        memberships.user_id,
        string_agg(distinct user_groups.description, ', ' order by user_groups.description)
            as user_group_names
    from {{ source('opendental', 'usergroupattach') }} as memberships
    left join {{ source('opendental', 'usergroup') }} as user_groups
        on memberships.user_group_id = user_groups.user_group_id
    group by memberships.user_id
),

hashed as (
    select distinct security_log_id
    from {{ source('opendental', 'securityloghash') }}
)

select
    entries.log_source_table,
    entries.log_id,
    entries.logged_at,
    entries.user_id,
    logins.user_name,
    user_groups.user_group_names,
    entries.permission_code,
    entries.permission_name,
    entries.action_area,
    entries.patient_id,
    entries.object_id,
    case when entries.object_id is not null then entries.object_table end as object_table,
    entries.log_source as source_code,
    {{ label('LogSources', 'entries.log_source') }} as source_name,
    entries.workstation,
    entries.previous_object_change_at,
    hashed.security_log_id is not null as has_hash,
    {{ row_metadata('entries') }}
from entries
left join {{ source('opendental', 'userod') }} as logins
    on entries.user_id = logins.user_id
left join user_groups
    on entries.user_id = user_groups.user_id
left join hashed
    on
        entries.log_source_table = 'securitylog'
        and entries.log_id = hashed.security_log_id
