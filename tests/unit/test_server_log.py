import psycopg
import pytest

REFUSED = {
    "a cast": "select 'Canary Quill'::date",
    "a key": "insert into one values ('Canary Quill'), ('Canary Quill')",
    "a constraint": "insert into one values ('Canary Quill not allowed')",
    "a raise": "do $$ begin raise 'Canary Quill'; end $$",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_a_value_postgres_refuses_is_not_in_its_log(server, warehouse, statement):
    with psycopg.connect(warehouse.admin) as connection:
        connection.execute("create table one (a text primary key check (length(a) < 15))")
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(statement)
    assert "Canary" in str(refused.value), "the statement did not make Postgres say it"
    log = (server.folder / "server.log").read_text()
    assert "ready to accept connections" in log
    assert "Canary" not in log
