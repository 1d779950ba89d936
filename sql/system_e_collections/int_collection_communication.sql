-- Notes are read but not shown. A payment on the day of a contact is taken to follow it.
with logged_contacts as (
    select
        every_contact.communication_id as commlog_id,
        every_contact.patient_id,
        patients.guarantor_id,
        every_contact.user_id,
        every_contact.occurred_at as contact_at,
        every_contact.occurred_at::date as contact_date,
        {{ snapshot_day('every_contact.occurred_at::date', as_of) }} as snapshot_date,
        every_contact.channel,
        every_contact.direction,
        every_contact.comm_type_name,
        coalesce(every_contact.comm_type_marker = 'FIN', false) as is_financial_type,
        case
            when every_contact.comm_type_marker = 'FIN' then 'type marker'
            when contact_log.comm_source = 9 then 'source'
            when every_contact.comm_type_marker in ('APPT', 'RECALL') then null
            when {{ speaks_of_debt("concat_ws(' ', comm_type_name, note)") }} then 'keywords-1'
        end as classification_basis,
        contact_log.note,
        {{ row_metadata('every_contact') }}
    from {{ ref('int_patient_communications_base') }} as every_contact
    inner join {{ source('opendental', 'commlog') }} as contact_log
        on every_contact.communication_id = contact_log.commlog_id
    left join {{ source('opendental', 'patient') }} as patients
        on every_contact.patient_id = patients.patient_id
    where every_contact.communication_source = 'commlog'
),

financial_contacts as (
    select *
    from logged_contacts
    where classification_basis is not null
),

promises as (
    {{ promises('financial_contacts') | indent }}
),

contacts as (
    select
        financial_contacts.*,
        promises.promised_amount,
        promises.promised_date,
        case when promises.promised_amount > 0 then promises.due_date end as promise_due_date,
        least(
            financial_contacts.contact_date + 30,
            lead(financial_contacts.contact_date) over family_contacts - 1
        ) as attributed_until
    from financial_contacts
    left join promises
        on financial_contacts.commlog_id = promises.commlog_id
    window family_contacts as (
        partition by financial_contacts.guarantor_id
        order by financial_contacts.contact_at, financial_contacts.commlog_id
    )
),

payments as (
    {{ family_payments(ref('int_payment_split'), source('opendental', 'patient'), as_of) | indent }}
),

payments_after as (
    select
        contacts.commlog_id,
        sum(payments.paid) filter (where payments.payment_date <= contacts.contact_date + 30)
            as paid_within_30_days,
        sum(payments.paid) filter (where payments.payment_date <= contacts.promise_due_date)
            as paid_by_promise_due,
        sum(payments.paid) filter (where payments.payment_date <= contacts.attributed_until)
            as attributed_within_30,
        min(payments.payment_date) filter (
            where payments.paid > 0 and payments.payment_date <= contacts.attributed_until
        ) - contacts.contact_date as days_to_first_payment
    from contacts
    inner join payments
        on
            contacts.guarantor_id = payments.guarantor_id
            and contacts.contact_date <= payments.payment_date
            and greatest(contacts.contact_date + 30, contacts.promise_due_date)
            >= payments.payment_date
    group by contacts.commlog_id, contacts.contact_date
),

open_tasks as (
    select distinct on (contacts.commlog_id)
        contacts.commlog_id,
        collection_work.task_id
    from contacts
    inner join {{ ref('int_collection_tasks') }} as collection_work
        on
            contacts.patient_id = collection_work.patient_id
            and contacts.contact_at >= collection_work.created_at
            and coalesce(
                contacts.contact_at <= collection_work.finished_at,
                collection_work.task_status is distinct from 'done'
            )
    order by contacts.commlog_id asc, collection_work.created_at desc, collection_work.task_id desc
),

families as (
    {{ family_aging(ref('int_ar_aging_snapshot')) | indent }}
),

contact_campaigns as (
    {{ best_campaigns(
        'contacts', 'commlog_id', 'contact_date', ref('int_collection_campaigns'), 'families'
    ) | indent }}
)

select
    contacts.commlog_id,
    contacts.patient_id,
    contacts.guarantor_id,
    contacts.user_id,
    contacts.contact_at,
    contacts.contact_date,
    contacts.channel,
    contacts.direction,
    contacts.comm_type_name,
    contacts.is_financial_type,
    contacts.classification_basis,
    open_tasks.task_id as linked_task_id,
    contact_campaigns.campaign_id,
    families.balance_total as family_balance_at_contact,
    contacts.promised_amount,
    contacts.promised_date,
    contacts.promise_due_date,
    case
        when contacts.promised_amount is null then null
        when payments_after.paid_by_promise_due >= contacts.promised_amount then 'kept'
        when contacts.promise_due_date >= '{{ as_of }}'::date then 'pending'
        else 'broken'
    end as promise_outcome,
    coalesce(payments_after.paid_within_30_days, 0) as paid_within_30_days,
    coalesce(payments_after.attributed_within_30, 0) as attributed_within_30,
    payments_after.days_to_first_payment,
    {{ row_metadata('contacts') }}
from contacts
left join payments_after
    on contacts.commlog_id = payments_after.commlog_id
left join open_tasks
    on contacts.commlog_id = open_tasks.commlog_id
left join families
    on
        contacts.guarantor_id = families.guarantor_id
        and contacts.snapshot_date = families.as_of_date
left join contact_campaigns
    on contacts.commlog_id = contact_campaigns.commlog_id
