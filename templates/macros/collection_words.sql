{# Words that make a text one about money owed, rule keywords-1: whole phrases only. "due", "pay",
   "account", "claim" or an amount alone say nothing. #}
{% macro speaks_of_debt(text) -%}
    {{ text }} ~* (
        '\m(collections|collection (agency|account|call|letter|notice)s?|past[- ]due'
        || '|balances? (due|of)|overdue (account|balance|bill|payment|statement)s?'
        || '|(outstanding|unpaid) (account|balance|bill|statement)s?'
        || '|delinquent (account|balance)s?|bad debts?|final notices?|missed payments?'
        || '|payment arrangements?|promised? to pay|(bounced|returned) checks?)\M'
    )
{%- endmacro %}

{# A sentence that commits somebody to pay once; neither a refusal, nor an arrangement of several
   payments, nor what the insurer will pay or the practice will send. #}
{% macro is_promise(sentence) -%}
    {{ sentence }} ~* (
        '\m(promis(e|es|ed|ing)'
        || '|(will|shall|ll|going to|agree[sd]? to|plans? to|intends? to) (pay|(send|mail|bring|make)'
        || '(?! ((?!check|payment|money|cash)\w+ ){0,3}'
        || '(statement|bill|invoice|letter|notice|claim|appointment|receipt|link|cop(y|ie))s?\M))'
        || '|(pay|send|mail|bring) (by|on)|sa(ys|id) .* will be paid)\M'
    )
    and not {{ sentence }} ~* (
        '\m(not|never|unable|refus(e|es|ed)|cannot|(ca|wo|do|did|does|is|has|would)n.?t|broken?'
        || '|(bi)?(monthly|weekly)|per|each|every|payments|installments?'
        || '|\d+\s?(/\s?|an?\s)(mo|month|wk|week|visit|paycheck)'
        || '|(insurance|ins|carrier)( \w+){0,2} (will|to) (pay|send|mail))\M'
    )
{%- endmacro %}

{# A day from its parts as text; null where the calendar has none, which make_date refuses. #}
{% macro calendar_day(year, month, day) -%}
case
        when
            {{ year }}::integer > 0
            and {{ month }}::integer between 1 and 12
            and {{ day }}::integer between 1 and 31
            then
                case
                    when
                        make_date({{ year }}::integer, {{ month }}::integer, 1)
                        + {{ day }}::integer
                        - 1
                        < make_date({{ year }}::integer, {{ month }}::integer, 1)
                        + interval '1 month'
                        then
                            make_date({{ year }}::integer, {{ month }}::integer, 1)
                            + {{ day }}::integer
                            - 1
                end
    end
{%- endmacro %}

{# What notes (commlog_id, note, contact_date) promise: the one amount and the one day, from the
   contact on, named in their promising sentences; null where there is none, or more than one. Without
   a day a promise is due in 30 days; of a contact without a day nobody can say when.
   Amounts carry a dollar sign or cents and no second one as a range, days are ISO or American, with
   their year (of this century where it has two digits). #}
{% macro promises(notes) -%}
with sentences as (
    select
        notes.commlog_id,
        notes.contact_date,
        split.sentence
    from {{ notes }} as notes
    cross join lateral regexp_split_to_table(notes.note, '[!?;\r\n]+|\.(\s+|$)') as split (sentence)
    where notes.contact_date is not null and {{ is_promise('split.sentence') }}
),

amounts as (
    select
        sentences.commlog_id,
        replace(coalesce(found.parts[1], found.parts[2]), ',', '')::numeric as amount
    from sentences
    cross join lateral regexp_matches(
        sentences.sentence,
        '(?<!\d\s?-\s?)\$\s?(\d{1,3}(?:,\d{3})+(?:\.\d{2})?|\d+(?:\.\d{2})?)(?!\d|\.\d|,\d|\s?-\s?\$?\d)'
        || '|(?<![\d.,/$-]|\d\s?-\s)(\d{1,3}(?:,\d{3})*\.\d{2}|\d+\.\d{2})(?![\d/%]|\.\d|\s?-\s?\$?\d)',
        'g'
    ) as found (parts)
),

days as (
    select
        sentences.commlog_id,
        case
            when found.parts[1] is not null
                then {{ calendar_day('found.parts[1]', 'found.parts[2]', 'found.parts[3]') }}
            else {{ calendar_day(
                "(left('20', 4 - length(found.parts[6])) || found.parts[6])",
                'found.parts[4]',
                'found.parts[5]'
            ) }}
        end as day,
        sentences.contact_date
    from sentences
    cross join lateral regexp_matches(
        sentences.sentence,
        '(?<![\d/-])(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})/(\d{1,2})/(\d{4}|\d{2}))(?![\d/-])',
        'g'
    ) as found (parts)
)

select
    sentences.commlog_id,
    case when count(distinct amounts.amount) = 1 then nullif(min(amounts.amount), 0) end
        as promised_amount,
    case when count(distinct days.day) = 1 then min(days.day) end as promised_date,
    case when count(distinct days.day) = 1 then min(days.day) else sentences.contact_date + 30 end
        as due_date
from sentences
left join amounts
    on sentences.commlog_id = amounts.commlog_id
left join days
    on
        sentences.commlog_id = days.commlog_id
        and sentences.contact_date <= days.day
group by sentences.commlog_id, sentences.contact_date
{%- endmacro %}
