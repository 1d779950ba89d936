"""Models and where a number comes from: counts and places for everybody, lines for billers."""

import psycopg
import pytest

from daysheet.web.models import dictionary
from daysheet.web.warming import warm
from daysheet_plugin import DaysheetPlugin
from tests.web.practice import MARKUP
from tests.web.published_builds import MODEL, publish_two
from tests.web.test_claim_page import text

RAW = "/explain/raw/opendental/claimproc/1/2?key=ClaimProcNum=12"


@pytest.fixture(scope="module")
def build(staffed) -> int:
    """The published build: its newest line of a claim came in file 1, line 2."""
    _, build = publish_two(staffed.warehouse)
    with psycopg.connect(staffed.warehouse.admin) as db:
        db.execute("update ops.file set file_name = %s where file_id = 1", [MARKUP])
        db.execute('update raw.opendental__claimproc set "PatNum" = 101')
    return build


def test_the_first_page_of_a_model_waits_for_nothing_the_server_made_when_it_started():
    dictionary.cache_clear()
    warm.cache_clear()
    _ = DaysheetPlugin().fastapi_apps
    warm().join(60)
    assert dictionary.cache_info().currsize == 1


def test_every_model_is_listed_with_what_the_published_build_has_of_it(browser, build):
    said = text(browser.ask("nobody", "/models"))
    assert f"{MODEL} " in said
    assert "4 1.500 3 rows" in said
    assert said.count("int_") > 40


def test_a_model_tells_meaning_lineage_sql_times_checks_and_its_task(browser, build):
    answer = browser.ask("nobody", f"/models/{MODEL}")
    said = text(answer)
    for told in (
        "4 rows", "claim_id not null warn 3", f"Build {build} built", "select 1",
        "opendental.claimproc", "estimated_insurance_amount", "How it is made",
        "In the practice system",
    ):  # fmt: skip
        assert told in said, told
    assert f"/dags/phase_1_core_transactions/tasks/{MODEL}" in answer.text
    assert 'href="/daysheet/models/int_' in answer.text
    assert browser.ask("nobody", "/models/int_nothing").status_code == 404


def key_of_the_new_line(browser) -> str:
    listed = browser.ask("nobody", f"/explain/{MODEL}")
    (link,) = {part.split('"')[0] for part in listed.text.split('href="')[1:] if "_id%3D12" in part}
    return link.removeprefix("/daysheet")


def test_from_a_model_a_file_and_line_are_two_clicks_away(browser, build):
    said = text(browser.ask("nobody", key_of_the_new_line(browser)))
    assert "opendental.claimproc 1 2 ClaimProcNum 12" in said
    assert "opendental.claim 1 1 ClaimNum 1" in said


@pytest.mark.parametrize(
    ("user", "opened"), [("nobody", False), ("left", False), ("viewer", False), ("biller", True)]
)
def test_names_of_files_and_their_lines_are_for_billers(browser, build, user, opened):
    answer = browser.ask(user, key_of_the_new_line(browser))
    assert (MARKUP in text(answer)) is opened
    assert MARKUP not in answer.text
    assert ("/explain/raw/opendental/claimproc/1/2" in answer.text) is opened
    assert browser.ask(user, RAW).status_code == (200 if opened else 403)


def test_a_line_is_shown_as_it_came_and_the_look_is_kept_first(browser, build, staffed):
    said = text(browser.ask("lead", RAW))
    assert "File 1, line 2" in said
    assert "InsPayEst 5" in said
    with staffed.open() as db:
        kept = db.execute(
            "select actor, action, subject, detail from ops.audit order by audit_id desc limit 1"
        ).fetchone()
    assert kept == (
        "lead", "viewed", "/explain/raw/opendental/claimproc/1/2",
        {"shown": "everything", "clients": [101]},
    )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "/explain/int_nothing", "/explain/int_nothing/row?key=1", f"/explain/{MODEL}/row",
        f"/explain/{MODEL}/row?key=x", f"/explain/{MODEL}/row?key=99999",
        "/explain/raw/opendental/claimproc/1/2?key=1", "/explain/raw/opendental/claimproc/1/2",
        "/explain/raw/opendental/claimproc/1/2?key=x'",
        "/explain/raw/simplepractice/appointment_status/1/1?key=1",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(browser, build, path):
    assert browser.ask("admin", path).status_code == 404


def test_the_database_gives_no_cell_to_whoever_reads_the_house_pages(staffed, build):
    with staffed.open("reader") as db:
        assert db.execute('select "ClaimProcNum", _line from raw.opendental__claimproc').fetchall()
        for column in ('"InsPayEst"', "*"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(f"select {column} from raw.opendental__claimproc")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("select from raw.simplepractice__appointment_status")
