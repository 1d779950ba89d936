-- Assignments and receipts are logged beside statuses, so a status is followed among its own kind.
with entries as (
    select
        tracking.claim_tracking_id,
        tracking.claim_id,
        coalesce(tracking.claim_id, -tracking.claim_tracking_id) as history_id,
        tracking.user_id,
        tracking.tracking_type,
        tracking.date_time_entry,
        tracking.tracking_def_id,
        statuses.item_name as status_name,
        errors.item_name as error_name,
        case
            when statuses.item_value ~ '^ *[0-9]{1,9} *$' then statuses.item_value::integer
        end as suppress_days,
        {{ row_metadata('tracking') }}
    from {{ source('opendental', 'claimtracking') }} as tracking
    left join {{ source('opendental', 'definition') }} as statuses
        on
            tracking.tracking_def_id = statuses.definition_id
            and statuses.category = 31
    left join {{ source('opendental', 'definition') }} as errors
        on
            tracking.tracking_error_def_id = errors.definition_id
            and errors.category = 43
),

histories as (
    select
        *,
        rank() over (
            partition by history_id order by date_time_entry, claim_tracking_id
        ) as sequence_in_claim,
        rank() over (
            partition by history_id order by date_time_entry desc, claim_tracking_id desc
        ) = 1 as is_latest,
        lag(status_name) over (
            partition by history_id, tracking_type order by date_time_entry, claim_tracking_id
        ) as previous_status_name,
        lead(date_time_entry) over (
            partition by history_id, tracking_type order by date_time_entry, claim_tracking_id
        ) as next_entry_at
    from entries
)

select
    histories.claim_tracking_id,
    histories.claim_id,
    claims.patient_id,
    histories.user_id,
    logins.user_name,
    histories.tracking_type,
    histories.date_time_entry as entered_at,
    histories.status_name,
    histories.error_name,
    histories.suppress_days,
    histories.sequence_in_claim,
    histories.is_latest,
    histories.previous_status_name,
    case
        when histories.tracking_def_id is not null
            then
                coalesce(histories.next_entry_at::date, '{{ as_of }}'::date)
                - histories.date_time_entry::date
    end as days_in_status,
    claims.claim_status,
    {{ label('ClaimStatus', 'claims.claim_status') }} as claim_status_name,
    case
        when claims.claim_status in ('S', 'P', 'R')
            then {{ days_between('claims.date_sent', "'" ~ as_of ~ "'") }}
    end as days_since_sent,
    {{ row_metadata('histories') }}
from histories
left join {{ source('opendental', 'claim') }} as claims
    on histories.claim_id = claims.claim_id
left join {{ source('opendental', 'userod') }} as logins
    on histories.user_id = logins.user_id
