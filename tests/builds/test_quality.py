"""The quality report: what is new, what moved, and that nothing of a row is in it."""

import json

import psycopg
import pytest

from daysheet.builds.opening import BuildRefused
from daysheet.builds.publishing import PublishBlocked, check_build, publish
from daysheet.builds.quality import Finding, as_json, read_report
from daysheet.builds.quality_text import as_text
from daysheet.builds.versions import make_model
from daysheet.checks.build_checks import BuildCheck
from tests.builds.conftest import OWNER, load_batch, new_build

LABELS = BuildCheck(
    "labels_are_short",
    "warn",
    "Labels of more than three letters.",
    "select 'int_names' as subject, provider_id from {{ ref('int_names') }}"
    " where length(provider_label) > 3",
)
NOBODY = BuildCheck("nobody_is_there", "error", "There is a row.", "select 1 as subject")
LENGTHS = (
    "select 'int_names' as subject, 'all' as part, count(*) as row_count,"
    " sum(length(provider_label)) as letters from {{ ref('int_names') }}"
)


@pytest.fixture
def checked(project, practice, monkeypatch):
    """Build and check batch after batch, publish what is not blocked; the report of each."""
    checks = [LABELS]
    monkeypatch.setattr("daysheet.builds.publishing.load_build_checks", lambda: checks)
    monkeypatch.setattr("daysheet.checks.totals.load_totals", lambda: {"lengths": LENGTHS})

    def run(*labels: str, also: tuple[BuildCheck, ...] = ()):
        checks[1:] = also
        batch = load_batch(practice, list(enumerate(labels, 1)))
        build = new_build(practice, batch=batch).build
        for model in ("int_names", "int_aged"):
            make_model(practice.dsn("builder"), build, model)
        try:
            check_build(practice.dsn("builder"), build)
            publish(practice.dsn("builder"), build, OWNER, OWNER)
        finally:
            with psycopg.connect(practice.dsn("reader")) as db:
                run.report = read_report(db, build)
        return run.report

    return run


def test_a_warning_is_news_once_and_again_when_there_are_twice_as_many(checked):
    assert [checked("DOC", "HYG").news, checked("DOCTOR", "HYG").news] == [
        [],
        [Finding("build", LABELS.name, "warn", 1, 0, LABELS.meaning)],
    ]
    assert checked("DOCTOR", "HYGIENE", "DENTIST").news[0].failing == 3
    assert checked("DOCTOR", "HYGIENE", "DENTIST", "MATRON").news == []
    assert checked("DOC").findings == [Finding("build", LABELS.name, "warn", 0, 4, LABELS.meaning)]


def test_everything_is_news_where_nothing_was_published(checked):
    report = checked("DOCTOR")
    assert report.compared_with is None
    assert [found.before for found in report.news] == [None]


def test_a_check_of_a_model_is_a_finding_of_that_model(checked, project):
    project.write(
        "one/int_names.yml",
        """
        description: Providers.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {}
          provider_label: {checks: [{accepted: [DOC], on_fail: warn}]}
        """,
    )
    project.reload()
    (found,) = checked("DOC", "HYG").findings
    assert (found.subject, found.check_name, found.failing) == (
        "int_names",
        "provider_label accepted",
        1,
    )


def test_sums_are_told_beside_those_of_the_published_build(checked):
    checked("DOC")
    (moved,) = checked("DOC", "HYGIENE").totals
    assert (moved.subject, moved.measure, moved.value, moved.before) == (
        "int_names",
        "all: letters",
        10,
        3,
    )


def test_a_build_that_is_held_back_has_a_report_that_says_so(checked):
    with pytest.raises(PublishBlocked, match=NOBODY.name) as blocked:
        checked("DOC", also=(NOBODY,))
    assert blocked.value.is_reported
    assert [found.check_name for found in checked.report.blocking] == [NOBODY.name]
    assert "NOT PUBLISHED" in as_text(checked.report)


def test_the_report_is_kept_whole_and_the_published_one_is_read_unasked(checked, practice):
    report = checked("DOCTOR", "HYG")
    with psycopg.connect(practice.dsn("reader")) as db:
        assert read_report(db) == report
        with pytest.raises(BuildRefused, match="build 99"):
            read_report(db, 99)
    assert report.checks_run == 4  # one over the build, each grain, one not null
    assert {made.model: (made.action, made.row_count) for made in report.models} == {
        "int_names": ("built", 2),
        "int_aged": ("built", 2),
    }


def test_neither_report_nor_page_holds_a_cell(checked):
    report = checked("DOCTOR", "SECRETLY")
    for shown in (json.dumps(as_json(report)), as_text(report)):
        assert "int_names" in shown
        assert "labels are short" in shown.replace("_", " ")
        assert "DOCTOR" not in shown
        assert "SECRETLY" not in shown


def test_the_page_says_first_what_matters(checked):
    checked("DOC")
    lines = as_text(checked("DOCTOR")).splitlines()
    assert lines[0] == "Build 2, batch 3, as of 2026-01-31, against build 1"
    assert lines[2].startswith("4 checks: no errors, 1 warning, 1 of them new")
    assert lines[4] == "FINDINGS"
    assert lines[6].split() == ["new", "warn", "build", "labels", "are", "short", "1", "0"]
