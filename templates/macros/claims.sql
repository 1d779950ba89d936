{# Claims the payer has had: sent, probably sent or answered. DateSent of others is the day made. #}
{% macro is_sent_claim(status) -%}
    {{ status }} in ('S', 'P', 'R')
{%- endmacro %}
