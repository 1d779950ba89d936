{% macro digest(row_hash) %}
coalesce(sum(substring(uuid_send({{ row_hash }}) from 1 for 8)::bigint), 0) as digest_high,
    coalesce(sum(substring(uuid_send({{ row_hash }}) from 9 for 8)::bigint), 0) as digest_low
{%- endmacro %}
