create unlogged table {{ staged }} (
    _line bigint,
    _suspect boolean,
    _refusal text,
    _raw_text text,
    {{ columns | join(" text,\n    ") }} text
)
