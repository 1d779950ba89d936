"""Files that wait for a person: held with a reason, loaded once released."""

import pytest
from tests.ingest.deliveries import Deliveries, groups, states

from daysheet.ingest import ledger
from daysheet.ingest.sending import put_back
from daysheet.warehouse import session

ADMIN = (1, "Admin")


@pytest.fixture
def practice(warehouse, tmp_path):
    return Deliveries(warehouse, tmp_path)


def release(practice, file_id):
    with session(practice.warehouse.dsn("loader"), "test", autocommit=True) as connection:
        ledger.release(connection, file_id, "tester", "it is right")
        return put_back(practice.drops, ledger.read_file(connection, file_id))


def test_a_file_from_the_future_is_held_until_it_is_released(practice):
    practice.drop_folder(
        "nightly", {"usergroup.csv": groups(ADMIN)}, mode="full", exported_on="2999-12-31"
    )
    (outcome,) = practice.run()
    assert (outcome.state, outcome.code) == ("held", "exported_in_future")
    assert practice.files() == {"held/opendental/nightly/usergroup.csv"}
    assert release(practice, outcome.file_id) == f"released-{outcome.file_id}"
    (loaded,) = practice.run()
    assert (loaded.state, loaded.report.mode) == ("loaded", "full")
    assert practice.files("inbox", "held") == set()
    assert practice.query(
        "select exported_on::date::text from ops.file where state = 'loaded'"
    ) == [("2999-12-31",)]
    assert practice.query("select actor, action, subject, detail->>'reason' from ops.audit") == [
        ("tester", "release file", str(outcome.file_id), "it is right")
    ]


def test_a_release_that_was_interrupted_can_be_repeated(practice):
    practice.drop("usergroup_2199-01-01.csv", groups(ADMIN))
    (outcome,) = practice.run()
    assert outcome.state == "held"
    folder = release(practice, outcome.file_id)
    (practice.inbox / folder / "_manifest.json").unlink()
    assert release(practice, outcome.file_id) == folder
    assert states(practice.run()) == ["loaded"]


def test_a_full_file_that_would_close_too_much_is_held_and_can_be_released(practice):
    many = [(number, "x") for number in range(1, 401)]
    practice.drop_folder("a", {"usergroup.csv": groups(*many)}, mode="full")
    practice.run()
    practice.drop_folder("b", {"usergroup.csv": groups(*many[:150])}, mode="full")
    (outcome,) = practice.run()
    assert outcome.state == "held"
    assert len(practice.current()) == 400
    release(practice, outcome.file_id)
    assert states(practice.run()) == ["loaded"]
    assert len(practice.current()) == 150
