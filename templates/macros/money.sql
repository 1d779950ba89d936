{# Charge of a procedure: fee times units (OpenDental Ledgers: ProcFee * (UnitQty + BaseUnits)). #}
{% macro gross_fee(procedure) -%}
    {{ procedure }}.proc_fee * ({{ procedure }}.unit_qty + {{ procedure }}.base_units)
{%- endmacro %}

{# Claim lines whose InsPayAmt and WriteOff are real money: received, supplemental, capitation. #}
{% macro is_paid_line(status) -%}
    {{ status }} in (1, 4, 5, 7)
{%- endmacro %}
