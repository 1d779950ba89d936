import psycopg
import pytest

from tests.models.examples import Example, compute, differences, examples

EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.model}-{one.name}")
def test_example(example: Example, shared_warehouse):
    with psycopg.connect(shared_warehouse.admin) as connection:
        rows = compute(connection, example)
        connection.rollback()
    assert rows or not example.expect, "the model gave no rows"
    assert differences(rows, example.expect) == []
