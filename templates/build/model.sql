create table store.{{ table }} as
{{ query }}
