{# When the source row was made and last changed, for models whose grain is a source row. #}
{% macro row_metadata(relation) -%}
    {{ relation }}._created_at,
    {{ relation }}._updated_at
{%- endmacro %}
