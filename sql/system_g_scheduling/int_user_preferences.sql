with last_views as (
    select distinct on (choices.user_id, choices.clinic_id)
        choices.user_id,
        choices.clinic_id,
        choices.appt_view_id,
        calendar_views.description
    from {{ source('opendental', 'userodapptview') }} as choices
    left join {{ source('opendental', 'apptview') }} as calendar_views
        on choices.appt_view_id = calendar_views.appt_view_id
    order by choices.user_id asc, choices.clinic_id asc, choices.userod_appt_view_id desc
)

select
    prefs.user_od_pref_id as user_pref_id,
    prefs.user_id,
    logins.user_name,
    logins.is_hidden as is_user_hidden,
    prefs.clinic_id,
    clinics.description as clinic_name,
    prefs.fkey_type as preference_code,
    {{ label('UserOdFkeyType', 'prefs.fkey_type') }} as preference_name,
    nullif(prefs.fkey, 0) as object_id,
    programs.prog_desc as program_name,
    case
        when prefs.fkey_type not in (14, 15) then nullif(prefs.value_string, '')
    end as value_text,
    coalesce(prefs.fkey_type in (14, 15), false) as is_secret,
    last_views.appt_view_id as last_appt_view_id,
    last_views.description as last_appt_view_name,
    rank() over (
        partition by
            prefs.user_id, prefs.fkey_type, prefs.fkey, prefs.clinic_id
        order by prefs.user_od_pref_id desc
    ) as duplicate_rank
from {{ source('opendental', 'userodpref') }} as prefs
left join {{ source('opendental', 'userod') }} as logins
    on prefs.user_id = logins.user_id
left join {{ source('opendental', 'clinic') }} as clinics
    on prefs.clinic_id = clinics.clinic_id
left join {{ source('opendental', 'program') }} as programs
    on
        prefs.fkey_type = 11
        and prefs.fkey = programs.program_id
left join last_views
    on
        prefs.user_id = last_views.user_id
        and coalesce(prefs.clinic_id, 0) = coalesce(last_views.clinic_id, 0)
