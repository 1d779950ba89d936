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

{# What the features of the practice system send, in common words; null where no feature says. #}
{% macro purpose_of_text(message_source) -%}
case
    when {{ message_source }} = 3 then 'reminder'
    when {{ message_source }} in (5, 6, 17) then 'confirmation'
    when {{ message_source }} in (2, 7) then 'recall'
    when {{ message_source }} in (8, 9) then 'ASAP'
    when {{ message_source }} in (16, 25) then 'thank-you'
    when {{ message_source }} = 11 then 'statement'
    when {{ message_source }} = 27 then 'pay-by-text'
    when {{ message_source }} = 22 then 'arrival'
    when {{ message_source }} in (10, 12, 26) then 'verification'
    when {{ message_source }} = 24 then 'general'
    when {{ message_source }} in (18, 19, 20, 21, 28) then 'consent'
end
{%- endmacro %}

{% macro purpose_of_email(message_source) -%}
case
    when {{ message_source }} = 'EReminder' then 'reminder'
    when {{ message_source }} in ('Confirmation', 'EConfirmation') then 'confirmation'
    when {{ message_source }} in ('Recall', 'WebSchedRecall') then 'recall'
    when {{ message_source }} = 'WebSchedASAP' then 'ASAP'
    when {{ message_source }} in ('ThankYou', 'NewPatThankYou') then 'thank-you'
    when {{ message_source }} = 'Statement' then 'statement'
    when {{ message_source }} = 'PaymentReceipt' then 'receipt'
    when {{ message_source }} = 'MsgToPay' then 'pay-by-text'
    when {{ message_source }} = 'PatPortalInvite' then 'portal invitation'
    when {{ message_source }} in ('PatPortalReset', 'Verification') then 'verification'
    when {{ message_source }} = 'TreatmentPlan' then 'treatment plan'
    when {{ message_source }} = 'GeneralMessage' then 'general'
    when {{ message_source }} in ('Promotion', 'Hosting') then 'promotion'
end
{%- endmacro %}

{% macro purpose_of_rule(rule_type) -%}
case {{ rule_type }}
    when 0 then 'reminder'
    when 1 then 'confirmation'
    when 2 then 'reminder'
    when 3 then 'portal invitation'
    when 4 then 'thank-you'
    when 5 then 'arrival'
    when 6 then 'birthday'
    when 7 then 'general'
    when 8 then 'recall'
    when 9 then 'thank-you'
    when 10 then 'pay-by-text'
end
{%- endmacro %}

{% macro purpose_of_log(comm_source) -%}
case {{ comm_source }}
    when 3 then 'reminder'
    when 6 then 'thank-you'
    when 8 then 'thank-you'
    when 9 then 'pay-by-text'
end
{%- endmacro %}

{# Bit of commoptout that refuses this purpose (CommOptOutType); bit 1 refuses all. #}
{% macro opt_out_bit(purpose) -%}
case {{ purpose }}
    when 'confirmation' then 2
    when 'reminder' then 4
    when 'thank-you' then 8
    when 'recall' then 16
    when 'ASAP' then 32
    when 'portal invitation' then 64
    when 'verification' then 128
    when 'statement' then 256
    when 'arrival' then 512
    when 'birthday' then 1024
    when 'general' then 2048
    when 'pay-by-text' then 4096
    else 0
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
