"""A widened contract: the archive loaded again, swapped in at a batch, or nothing at all."""

import psycopg
import pytest
from tests.ingest.deliveries import Deliveries, states

from daysheet.catalog import Contract, load_contract
from daysheet.ingest.batches import open_batch
from daysheet.ingest.replay import ArchiveIncomplete, replay
from daysheet.warehouse import session

HEADER = "UserGroupNum,Description,UserGroupNumCEMT\n"


@pytest.fixture
def practice(warehouse, tmp_path):
    practice = Deliveries(warehouse, tmp_path)
    practice.drop_folder(
        "a",
        {"usergroup.csv": HEADER + "1,Admin,11\n2,Nurse,12\n3,Gone,13\n"},
        mode="full",
        exported_on="2026-01-01",
    )
    practice.run()
    practice.drop("usergroup_2026-01-02.csv", HEADER + "1,Boss,21\nx,Bad,1\n")
    practice.run()
    practice.drop_folder(
        "b",
        {"usergroup.csv": HEADER + "1,Boss,21\n2,Nurse,12\n"},
        mode="full",
        exported_on="2026-01-03",
    )
    assert states(practice.run()) == ["loaded"]
    return practice


@pytest.fixture
def widened():
    values = load_contract("opendental", "usergroup").model_dump(by_alias=True)
    values["columns"]["UserGroupNumCEMT"]["load"] = True
    return Contract.model_validate(values)


def reload(practice, contract):
    with session(practice.warehouse.admin, "test", autocommit=True) as connection:
        return replay(connection, practice.drops, contract, practice.settings)


def known_at(practice, batch):
    return practice.query(
        'select "UserGroupNum", "Description", "UserGroupNumCEMT" from raw.opendental__usergroup'
        f" where _batch_from <= {batch} and _batch_to > {batch} order by 1"
    )


def test_a_column_a_contract_gained_is_filled_from_the_archive(practice, widened):
    done = reload(practice, widened)
    assert (done.files, done.ended, done.begun, done.batch) == (3, 2, 2, 4)
    assert known_at(practice, 4) == [(1, "Boss", 21), (2, "Nurse", 12)]
    assert known_at(practice, 3) == [(1, "Boss", None), (2, "Nurse", None)]
    assert known_at(practice, 1) == [(1, "Admin", None), (2, "Nurse", None), (3, "Gone", None)]
    assert practice.query("select state from ops.batch where batch = 4") == [("committed",)]


def test_a_reloaded_table_is_traced_and_summed_up_as_if_loaded_so_at_first(practice, widened):
    reload(practice, widened)
    assert practice.query(
        'select "UserGroupNum", file_name, _line from raw.opendental__usergroup'
        " inner join ops.file on file_id = _file_id where _batch_from = 4 order by 1"
    ) == [(1, "usergroup_2026-01-02.csv", 2), (2, "a/usergroup.csv", 3)]
    high = "sum(('x' || left(replace(_row_hash::text, '-', ''), 16))::bit(64)::bigint::numeric)"
    low = "sum(('x' || right(replace(_row_hash::text, '-', ''), 16))::bit(64)::bigint::numeric)"
    assert practice.query(
        "select row_count, digest_high, digest_low, newest_full::date::text from ops.source_state"
        " where batch = 4"
    ) == practice.query(
        f"select count(*), {high}, {low}, '2026-01-03' from raw.opendental__usergroup"
        " where _batch_to = 2147483647"
    )


def test_a_replay_leaves_nothing_else_behind(practice, widened):
    before = practice.ledger()
    reload(practice, widened)
    assert practice.ledger() == before
    assert practice.query("select count(*) from quarantine.refused_row") == [(1,)]
    assert practice.query("select count(*) from pg_tables where tablename like 'replay%'") == [(0,)]
    assert practice.query("select distinct source from ops.source_state") == [("opendental",)]


def test_replaying_an_unchanged_contract_changes_no_row(practice):
    done = reload(practice, load_contract("opendental", "usergroup"))
    assert (done.ended, done.begun) == (0, 0)
    assert practice.query("select max(_batch_from) from raw.opendental__usergroup") == [(2,)]


def test_later_files_go_on_from_the_reloaded_table(practice, widened, monkeypatch):
    reload(practice, widened)
    monkeypatch.setattr("daysheet.ingest.drops.load_contract", lambda *_: widened)
    practice.drop("usergroup_2026-01-04.csv", HEADER + "1,Boss,21\n2,Nurse,99\n3,Stale,1\n")
    (outcome,) = practice.run()
    assert (outcome.report.unchanged, outcome.report.replaced, outcome.report.inserted) == (1, 1, 1)


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_archive_changes_nothing(practice, widened, damage):
    path = practice.root / "archive/opendental/usergroup_2026-01-02.csv"
    path.unlink() if damage == "missing" else path.write_text(HEADER)
    with pytest.raises(ArchiveIncomplete, match="file 2"):
        reload(practice, widened)
    assert practice.query("select count(*) from ops.batch") == [(3,)]
    with pytest.raises(psycopg.errors.UndefinedColumn):
        known_at(practice, 3)


def test_a_replay_joins_the_batch_that_is_being_loaded(practice, widened):
    practice.drop("usergroup_2026-01-05.csv", HEADER + "4,New,14\n")
    practice.run(commit=False)
    done = reload(practice, widened)
    assert done.batch == 4
    assert practice.query("select state from ops.batch where batch = 4") == [("open",)]


def test_a_replay_commits_a_batch_that_nothing_was_loaded_into(practice, widened):
    with session(practice.warehouse.dsn("loader"), "test", autocommit=True) as connection:
        assert open_batch(connection, "an idle run") == 4
    assert reload(practice, widened).batch == 4
    assert practice.query("select state from ops.batch where batch = 4") == [("committed",)]
