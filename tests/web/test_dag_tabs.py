"""The tab on each DAG leads to a page that is there."""

import pytest

from daysheet.settings import PROJECT
from daysheet.web.dag_tabs import _SHOWN_AT

DAGS = sorted(path.stem for path in (PROJECT / "dags").glob("*.py"))


@pytest.mark.parametrize("dag_id", DAGS)
def test_the_tab_leads_to_a_page(browser, dag_id):
    answer = browser.ask("admin", f"/dags/{dag_id}")
    assert answer.status_code == 303
    there = answer.headers["location"].removeprefix("/daysheet")
    assert browser.ask("admin", there).status_code == 200


def test_each_dag_that_is_led_from_exists():
    assert set(_SHOWN_AT) <= set(DAGS)


def test_a_dag_of_somebody_else_leads_to_the_builds(browser):
    assert browser.ask("admin", "/dags/theirs").headers["location"].endswith("/builds")
