"""Where there is no browser the tests say so: skipped at home, failing where one is required."""

import pytest

from tests.browser.conftest import path_of_browser


@pytest.mark.parametrize(
    ("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_without_a_browser_it_is_said_what_to_install(monkeypatch, tmp_path, required, outcome):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REQUIRE_BROWSER", required)
    with pytest.raises(outcome, match="apt-get install chromium"):
        path_of_browser()
