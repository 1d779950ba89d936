{# Each task list with every list above it, itself first, and the names from there down to it. One
   that lies below itself is followed once around. For `with recursive list_ancestors`. #}
{% macro task_list_ancestors(lists) -%}
select
    task_list_id,
    task_list_id as ancestor_id,
    parent_id,
    btrim(descript) as list_path,
    array[task_list_id] as lists_seen
from {{ lists }}
union all
select
    list_ancestors.task_list_id,
    parents.task_list_id as ancestor_id,
    parents.parent_id,
    btrim(parents.descript) || ' / ' || list_ancestors.list_path as list_path,
    list_ancestors.lists_seen || parents.task_list_id as lists_seen
from list_ancestors
inner join {{ lists }} as parents
    on list_ancestors.parent_id = parents.task_list_id
where parents.task_list_id != all(list_ancestors.lists_seen)
{%- endmacro %}

{# The full name of each list: that from the topmost list above it. #}
{% macro task_list_paths(ancestors) -%}
select distinct on (task_list_id)
    task_list_id,
    list_path
from {{ ancestors }}
order by task_list_id asc, cardinality(lists_seen) desc
{%- endmacro %}
