"""Builds, their reports and what differs of two: for everybody with a login, counts and keys."""

import psycopg
import pytest

from daysheet.builds.comparing import TakesLonger
from daysheet.web import builds
from tests.web.practice import MARKUP
from tests.web.published_builds import MODEL, publish_two, remember, report
from tests.web.test_claim_page import text

FINDING = {
    "subject": "build", "check_name": "labels_are_short", "severity": "warn", "failing": 4,
    "before": 1, "meaning": f"Labels {MARKUP}",
}  # fmt: skip
TOTAL = {
    "subject": "int_ar_analysis_base", "measure": "all: balance", "value": "1234.50",
    "before": "1000.00",
}  # fmt: skip


@pytest.fixture(scope="module")
def two(staffed) -> tuple[int, int]:
    """Two published builds, the second with a report, and a third that failed."""
    first, second = publish_two(staffed.warehouse)
    with psycopg.connect(staffed.warehouse.admin) as db:
        report(db, second, compared_with=first, findings=[FINDING], totals=[TOTAL])
        db.execute(
            "insert into ops.build (batch, as_of, reason, state, problem)"
            " values (1, '2026-11-19', 'by hand', 'failed', 'phase_1 failed')"
        )
    return first, second


def test_the_list_says_which_build_is_shown_and_what_became_of_the_others(browser, two):
    answer = browser.ask("nobody", "/builds")
    said = text(answer)
    for told in (
        f"build {two[1]}", "As of Nov 20, 2026", "2 built", "1 warnings", "current", "failed",
        "phase_1 failed", MARKUP, f"those of build {two[1]}, as of Nov 20, 2026",
    ):  # fmt: skip
        assert told in said, told
    assert MARKUP not in answer.text
    assert said.index("Build 3") < said.index(f"Build {two[0]} ")


def test_a_page_behind_the_last_leads_back(browser, two):
    assert "ends at page 1" in text(browser.ask("nobody", "/builds?page=7"))


def test_a_build_shows_its_models_and_its_report(browser, two):
    said = text(browser.ask("nobody", f"/builds/{two[1]}"))
    for told in (
        f"with build {two[0]}", "7", "labels are short", "Labels", "warn new",
        "1,234.50 1,000.00 +234.50", f"{MODEL} 1 built 4 1.500 3",
        f"int_insurance_coverage 1 built of build {two[0]} 1",
    ):  # fmt: skip
        assert told in said, told


def test_a_build_that_failed_says_why_and_that_nothing_was_checked(browser, two):
    said = text(browser.ask("nobody", "/builds/3"))
    assert "phase_1 failed" in said
    assert "No report yet" in said
    assert "None is made yet" in said


@pytest.mark.parametrize("path", ["/builds/99", "/builds/1/99", "/builds/1/2/int_nothing"])
def test_what_is_not_there_is_not_found(browser, two, path):
    assert browser.ask("nobody", path).status_code == 404


def test_numbers_that_were_typed_lead_to_the_page_of_both(browser, two):
    answer = browser.ask("nobody", "/builds/compare?before=1&after=2")
    assert answer.headers["location"] == "/daysheet/builds/1/2"
    assert browser.ask("nobody", "/builds/compare?before=x&after=2").status_code == 422


def test_of_two_builds_the_models_of_other_versions_are_told_with_the_reason(browser, two):
    said = text(browser.ask("nobody", "/builds/1/2"))
    assert "1 of 2 models are other versions" in said
    assert f"{MODEL} another version 4 4 +0 opendental.claimproc" in said
    assert "Nothing differs" in text(browser.ask("nobody", "/builds/2/2"))


def test_of_a_model_rows_are_counted_and_told_by_key_and_number(browser, two):
    said = text(browser.ask("nobody", f"/builds/1/2/{MODEL}"))
    for told in ("Added 1", "Gone 0", "Changed 1", "80.5", "90.5", "estimated_insurance_amount"):
        assert told in said, told
    assert "Borealis" not in said


def test_what_takes_longer_says_that_it_is_being_counted(browser, two, monkeypatch):
    def slow(*_: object, patience: float, **__: object) -> None:
        asked.append(patience)
        raise TakesLonger

    asked: list[float] = []
    monkeypatch.setattr(builds, "compare_model", slow)
    said = text(browser.ask("nobody", f"/builds/1/2/{MODEL}"))
    assert "being counted" in said
    assert "daysheet diff 1 2" in text(browser.ask("nobody", f"/builds/1/2/{MODEL}?wait=true"))
    assert asked[0] < 0.3 < asked[1]


def test_rows_of_a_build_that_was_never_published_are_not_for_pages(browser, two, staffed):
    with psycopg.connect(staffed.warehouse.admin) as db:
        (kept,) = db.execute(
            "insert into ops.build (batch, as_of, reason, state)"
            " values (1, '2026-11-20', '', 'kept') returning build"
        ).fetchone()
        remember(db, kept, MODEL, "d", rows=4)
        db.execute(f"create schema build_{kept}")
        db.execute(f"create view build_{kept}.{MODEL} as select * from build_1.{MODEL}")
    answer = browser.ask("admin", f"/builds/1/{kept}/{MODEL}")
    assert answer.status_code == 404
    assert "never published" in answer.text
    assert browser.ask("admin", f"/builds/1/{kept}").status_code == 200


def test_before_the_first_build_the_page_says_what_makes_one(at_the_desk, warehouse, monkeypatch):
    from tests.web.conftest import Browser

    for role in ("reader", "desk"):
        monkeypatch.setenv(f"AIRFLOW_CONN_DAYSHEET_{role.upper()}", warehouse.dsn(role))
    said = text(Browser().ask("nobody", "/builds"))
    assert "No build yet" in said
    assert "Nothing of the dental practice system is published yet" in said
