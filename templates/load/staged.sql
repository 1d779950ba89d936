create unlogged table {{ staged }} (
    _line bigint,
    _suspect boolean,
    _refusal text,
    _raw_text text,
    {% for name in columns %}
    {{ name }} text{{ "," if not loop.last }}
    {% endfor %}
)
