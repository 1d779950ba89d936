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

{# What a reminder or request was for: its rule says, or its table where the rule is gone. #}
{% macro purpose_of_attempt(attempt_source, rule_type) -%}
coalesce(
    {{ purpose_of_rule(rule_type) }},
    case {{ attempt_source }} when 'confirmationrequest' then 'confirmation' else 'reminder' end
)
{%- endmacro %}

{# Of a template named by people: the first word that fits. Give lower case. #}
{% macro purpose_of_words(words) -%}
case
    when {{ words }} ~ '\mconfirm' then 'confirmation'
    when {{ words }} ~ '\mremind' then 'reminder'
    when {{ words }} ~ '\m(recall|reactivat|overdue for|cleaning|check-?up)' then 'recall'
    when {{ words }} ~ '\mbirthday' then 'birthday'
    when {{ words }} ~ '\mthank' then 'thank-you'
    when {{ words }} ~ '\mreceipt' then 'receipt'
    when {{ words }} ~ '\m(statement|balance|past due|invoice)' then 'statement'
    when {{ words }} ~ '\masap\M' then 'ASAP'
    when {{ words }} ~ '\mportal' then 'portal invitation'
    when {{ words }} ~ '\mtreatment plan' then 'treatment plan'
end
{%- endmacro %}
