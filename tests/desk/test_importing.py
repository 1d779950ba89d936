"""The desk file: read strictly, taken whole or not at all, twice as good as once."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from daysheet.cli import app
from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.setup.desk_file import DeskFileInvalid, read_desk_file
from daysheet.desk.setup.importing import import_desk
from daysheet.desk.work.items import open_item
from daysheet.synthetic.counseling import write_desk_file

from .conftest import Desk

ADMIN = Actor("root", DeskRole.ADMIN, "ui")
SMALL = """
payers:
- {external_id: "00731", name: Saltmarsh  Behavioral, filing_days: 120}
- {name: Tallow Trust, aliases: [TALLOW]}
staff:
- {user_id: ann, display_code: A, desk_role: biller, works_claims: true, works_payers: [tallow]}
- {user_id: bob, display_code: B, desk_role: lead, email: bob@practice.example}
portals:
- {payer: "00731", name: providers, url: "https://saltmarsh.example"}
targets:
- {metric: unbilled_sessions, green: 20, red: 30}
- {metric: unbilled_sessions, month: 2026-12-24, green: 40, red: 50}
holidays:
- {day: 2026-12-25, name: Christmas}
settings: {writeoff_limit: 300.5}
"""


def take(db: psycopg.Connection, folder: Path, text: str) -> dict[str, dict[str, int]]:
    path = folder / "desk.yml"
    path.write_text(text)
    return import_desk(db, ADMIN, path, read_desk_file(path)).as_dict()


def counts(added: int = 0, changed: int = 0, unchanged: int = 0) -> dict[str, int]:
    return {"added": added, "changed": changed, "unchanged": unchanged}


def everything(db: psycopg.Connection) -> list:
    tables = ("staff", "payers", "payer_aliases", "insurance_portals", "metric_targets", "holiday",
              "practice_setting")  # fmt: skip
    return [
        db.execute(f"select to_jsonb(t) from desk.{table} as t order by 1::text").fetchall()
        for table in tables
    ]


def test_what_is_new_is_added_and_what_differs_is_changed(db, tmp_path):
    done = take(db, tmp_path, SMALL)
    assert done == {
        "payers": counts(added=2),
        "portals": counts(added=1),
        "staff": counts(added=2),
        "targets": counts(added=1, changed=1),
        "holidays": counts(added=1),
        "settings": counts(changed=1),
    }
    staff = db.execute(
        "select user_id, desk_role, works_claims, active, array("
        "  select name from desk.payers where payer_id = any(works_payers)"
        ") from desk.staff order by 1"
    ).fetchall()
    assert staff == [
        ("ann", "biller", True, True, ["Tallow Trust"]),
        ("bob", "lead", False, True, []),
    ]
    assert db.execute(
        "select external_id, name, filing_days, appeal_days, needs_review from desk.payers"
        " order by name"
    ).fetchall() == [
        ("00731", "Saltmarsh Behavioral", 120, 60, False),
        (None, "Tallow Trust", 90, 60, False),
    ]
    spellings = db.execute("select alias_norm from desk.payer_aliases order by 1").fetchall()
    assert spellings == [("saltmarsh behavioral",), ("tallow",), ("tallow trust",)]
    targets = db.execute(
        "select month, green from desk.metric_targets where metric = 'unbilled_sessions'"
        " order by month nulls first"
    ).fetchall()
    assert targets == [(None, 20), (date(2026, 12, 1), 40)]
    limit = db.execute("select value from desk.practice_setting where name = 'writeoff_limit'")
    assert Decimal(str(limit.fetchone()[0])) == Decimal("300.5")


def test_twice_is_as_good_as_once(db, tmp_path):
    take(db, tmp_path, SMALL)
    first = everything(db)
    audited = db.execute("select count(*) from ops.audit").fetchone()
    again = take(db, tmp_path, SMALL)
    assert {section["unchanged"] for section in again.values()} <= {1, 2}
    assert not any(section["added"] or section["changed"] for section in again.values())
    assert everything(db) == first  # row versions and times too
    assert db.execute("select count(*) from ops.audit").fetchone() == audited


def test_keys_and_people_the_file_leaves_out_stay(db, tmp_path):
    take(db, tmp_path, SMALL)
    take(db, tmp_path, "staff:\n- {user_id: ann, display_code: A2, desk_role: lead}")
    assert db.execute(
        "select user_id, display_code, desk_role, works_claims, active,"
        " cardinality(works_payers) from desk.staff order by 1"
    ).fetchall() == [("ann", "A2", "lead", True, True, 1), ("bob", "B", "lead", False, True, 0)]
    take(db, tmp_path, "staff:\n- {user_id: bob, display_code: B, desk_role: lead, active: false}")
    assert db.execute("select active from desk.staff where user_id = 'bob'").fetchone() == (False,)


def test_every_change_is_audited_with_who_and_what_it_was(db, tmp_path):
    take(db, tmp_path, SMALL)
    take(db, tmp_path, SMALL.replace("filing_days: 120", "filing_days: 180"))
    last = db.execute(
        "select actor, action, subject, detail from ops.audit order by audit_id desc limit 1"
    ).fetchone()
    assert last == (
        "root",
        "desk import",
        "payers: 00731",
        {"file": "desk.yml", "was": {"filing_days": 120}, "now": {"filing_days": 180}},
    )


def test_a_payer_that_a_file_brought_is_reviewed_by_naming_it(db, tmp_path):
    payer = db.execute(
        "insert into desk.payers (name, needs_review) values ('Tallow Trust', true)"
        " returning payer_id"
    ).fetchone()[0]
    db.execute("insert into desk.payer_aliases values ('tallow trust', %s)", [payer])
    open_item(db, "payer_review", payer_id=payer)
    take(db, tmp_path, SMALL)
    assert db.execute(
        "select payer_id, needs_review from desk.payers where name = 'Tallow Trust'"
    ).fetchall() == [(payer, False)]
    assert db.execute("select done_by from desk.work_items").fetchall() == [("root",)]


FAULTS = {
    "a key nobody knows": ("staff:\n- {user_id: a, display_code: A, desk_role: lead, age: 3}",
                           "staff.0.age: Extra inputs"),
    "a section nobody knows": ("stuff: []", "stuff: Extra inputs"),
    "a role nobody knows": ("staff:\n- {user_id: a, display_code: A, desk_role: boss}",
                            "staff.0.desk_role: Input should be"),
    "an unknown payer": (SMALL.replace("[tallow]", "[Nobody]"), "staff.0.works_payers: no payer"),
    "an unknown metric": (SMALL.replace("metric: unb", "metric: xnb", 1), "targets.0.metric: not"),
    "zeros lost": (SMALL.replace('"00731"', "00731", 1), "payers.0.external_id: Value error, put"),
    "a password": (SMALL.replace("name: providers,", "name: p, instructions: 'password: x',"),
                   "portals.0.instructions: Value error, passwords"),
    "no https": (SMALL.replace("https", "http"), "portals.0.url: String should match"),
    "somebody twice": (SMALL.replace("bob,", "ann,"), "user_id ann is there twice"),
    "too many days": (SMALL.replace("120", "1200"), "payers.0.filing_days: Input should be less"),
    "no YAML": ("staff: [", "desk.yml: "),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_by_file_and_key_and_nothing_is_taken(db, tmp_path, fault):
    before = everything(db)
    text, told = FAULTS[fault]
    with pytest.raises(DeskFileInvalid) as refused:
        take(db, tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'desk.yml'}: ")
    assert told in str(refused.value)
    assert everything(db) == before


def test_a_display_code_of_somebody_else_is_refused(db, tmp_path):
    take(db, tmp_path, SMALL)
    with pytest.raises(DeskFileInvalid, match=r"staff\.0\.display_code: it is that of ann"):
        take(db, tmp_path, "staff:\n- {user_id: cy, display_code: A, desk_role: viewer}")


def run(desk: Desk, *arguments: str) -> dict:
    done = CliRunner().invoke(
        app, ["desk", "import", "--dsn", desk.warehouse.dsn("desk"), "--json", *arguments]
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_the_command_imports_the_generated_file_and_can_only_look(desk, db, tmp_path):
    path = tmp_path / "desk.yml"
    write_desk_file(path, until=desk.today, patients=2000)
    before = everything(db)
    dry = run(desk, "--dry-run", str(path))
    assert everything(db) == before
    wet = run(desk, "--as", "grace", str(path))
    assert dry["dry_run"] is not wet["dry_run"]
    assert dry["sections"] == wet["sections"]
    assert wet["sections"]["staff"]["added"] == 6
    assert wet["sections"]["payers"]["added"] == 8
    role = db.execute("select desk_role from desk.staff where user_id = 'admin'").fetchone()
    assert role == ("admin",)
    assert db.execute("select distinct actor from ops.audit").fetchall() == [("grace",)]


def test_the_command_names_the_fault_in_one_line(desk, tmp_path):
    path = tmp_path / "desk.yml"
    path.write_text("stuff: 1")
    done = CliRunner().invoke(
        app, ["desk", "import", "--dsn", desk.warehouse.dsn("desk"), str(path)]
    )
    assert done.exit_code == 1
    assert done.stderr == f"daysheet: {path}: stuff: Extra inputs are not permitted\n"
