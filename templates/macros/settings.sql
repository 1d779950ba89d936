{# One practice-wide setting as text, or the vendor's default when the practice never set it. #}
{% macro preference(preferences, name, default) -%}
coalesce(
    (select nullif(max(setting.value_string), '') from {{ preferences }} as setting where setting.pref_name = '{{ name }}'),
    '{{ default }}'
)
{%- endmacro %}
