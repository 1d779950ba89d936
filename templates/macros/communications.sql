{# Time between two stamps in units of so many seconds, to two decimals; may be negative. #}
{% macro units_between(earlier, later, seconds) -%}
    round(extract(epoch from {{ later }} - {{ earlier }}) / {{ seconds }}, 2)
{%- endmacro %}

{# Who reached out in a logged contact (CommSentOrReceived). #}
{% macro contact_direction(sent_or_received) -%}
    case {{ sent_or_received }}
        when 0 then 'none'
        when 1 then 'outbound'
        when 2 then 'inbound'
    end
{%- endmacro %}

{# How a logged contact was made (CommItemMode). #}
{% macro contact_channel(mode) -%}
    case {{ mode }}
        when 0 then 'none'
        when 1 then 'email'
        when 2 then 'mail'
        when 3 then 'phone'
        when 4 then 'in person'
        when 5 then 'text'
        when 6 then 'email and text'
        when 7 then 'phone and text'
        when 8 then 'fax'
    end
{%- endmacro %}

{% macro topic_of_purpose(purpose) -%}
case
    when {{ purpose }} in ('reminder', 'confirmation', 'ASAP', 'arrival', 'thank-you')
        then 'appointment'
    when {{ purpose }} = 'recall' then 'recall'
    when {{ purpose }} in ('statement', 'pay-by-text', 'receipt') then 'billing'
    when {{ purpose }} = 'treatment plan' then 'treatment'
end
{%- endmacro %}

{# Topic by what the practice says a type of contact is for (definition category 27, ItemValue). #}
{% macro topic_of_marker(marker) -%}
    case {{ marker }}
        when 'APPT' then 'appointment'
        when 'FIN' then 'billing'
        when 'RECALL' then 'recall'
        when 'REACT' then 'reactivation'
    end
{%- endmacro %}

{# Topic by words, rule 1: the first group of which a word begins with one. Give lower case. #}
{% macro topic_of_words(words) -%}
case
    when {{ words }} ~ '\m(balance|statement|payment|past due|invoice|billing|collection agency)'
        then 'billing'
    when {{ words }} ~ '\m(insurance|claim|eob\M|pre-?auth|deductible|coverage|carrier)'
        then 'insurance'
    when {{ words }} ~ '\m(recall|cleaning|check-?up|overdue for|hygiene visit)' then 'recall'
    when {{ words }} ~ '\m(appointment|appt|confirm|resched|cancel|schedul|no-?show)'
        then 'appointment'
    when {{ words }} ~ '\m(treatment|crown|implant|root canal|post-?op|extraction|prescription)'
        then 'treatment'
end
{%- endmacro %}

{# Tells texts apart without showing them: no matter the case, white space and stops, and less the
   words with which the practice system logs a text. Null for no text. #}
{% macro content_hash(words) -%}
md5(
    nullif(
        regexp_replace(
            translate(lower({{ words }}), E' \t\r\n.,!?', ''), '^textmessage(sent|received):', ''
        ),
        ''
    )
)
{%- endmacro %}

{# Texts staff write or send one by one (SmsMessageSource); all others a feature sends by itself. #}
{% macro is_staff_text(message_source) -%}
    coalesce({{ message_source }}, 0) in (0, 1, 2, 4, 5, 8, 15)
{%- endmacro %}

{# The same of emails (EmailMessageSource, stored by name). #}
{% macro is_staff_email(message_source) -%}
    coalesce({{ message_source }}, '') in (
        '', 'Undefined', 'Legacy', 'Confirmation', 'Cryo', 'EHR', 'Forward', 'JobManager', 'Manual',
        'Recall', 'Reply', 'Sheet', 'TreatmentPlan', 'WebMail'
    )
{%- endmacro %}

{# The text is nothing but a word that carriers take for "no more texts". #}
{% macro is_stop_word(hash) -%}
    {{ hash }} in (
        md5('stop'), md5('stopall'), md5('unsubscribe'), md5('cancel'), md5('end'),
        md5('quit'), md5('optout'), md5('revoke')
    )
{%- endmacro %}
