"""Around every answer: private headers, errors in words, nothing of a row in page or log."""

import logging

import pytest

from daysheet.desk.refusals import Refused
from daysheet.web.envelope import HEADERS
from tests.conftest import free_port
from tests.web.conftest import Browser, with_a_write

CLIENT = "Ada Example"
ANSWERS = {
    "page": ("biller", "/", "GET", 200),
    "asset": ("biller", "/static/theme.js", "GET", 200),
    "no login": (None, "/", "GET", 401),
    "no login for an asset": (None, "/static/desk.css", "GET", 401),
    "no right": ("nobody", "/", "GET", 403),
    "no such claim": ("biller", "/claims/RC-2222222", "GET", 404),
    "no such page": ("biller", "/nothing", "GET", 404),
    "no such asset": ("biller", "/static/..%2Fapp.py", "GET", 404),
    "no such method": ("biller", "/", "DELETE", 405),
    "no such number": ("biller", "/forgotten?page=0", "GET", 422),
    "foreign write": ("biller", "/change", "POST", 403),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_answer_is_private(browser, case):
    user, path, method, status = ANSWERS[case]
    with_a_write(browser.app)
    answer = browser.ask(user, path, method)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    cached = answer.headers["cache-control"]
    assert cached == ("private, max-age=86400" if case == "asset" else "no-store")
    assert "set-cookie" not in answer.headers


def test_a_page_runs_and_loads_nothing_but_ours(browser):
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    for path in ("/", "/claims/RC-2222222"):
        text = browser.ask("biller", path).text
        assert text.count("<script") == text.count('<script src="/daysheet/static/') == 2
        for inline in ("<style", " style=", " onclick", "javascript:", "http://", "https://"):
            assert inline not in text, inline


def test_every_error_has_a_number_ops_can_look_for(browser):
    numbers = set()
    for _ in range(2):
        text = browser.ask("biller", "/claims/RC-2222222").text
        numbers.add(text.partition("<code>")[2].partition("</code>")[0])
    assert len(numbers) == 2
    assert all(len(number) == 8 for number in numbers)


def test_without_a_login_a_browser_goes_to_log_in_and_comes_back(browser):
    answer = browser.ask(None, "/claims/RC-2222222")
    wanted = "/auth/login?next=/daysheet/claims/RC-2222222"
    assert answer.headers["refresh"] == f"0; url={wanted}"
    assert f'href="{wanted}"' in answer.text
    assert "stylesheet" not in answer.text  # it would need a login too


def test_a_failure_tells_no_row_to_page_or_log(browser, monkeypatch, caplog):
    def fail(*_, **__):
        raise ValueError(f"{CLIENT} owes 40.00")

    monkeypatch.setattr("daysheet.web.dashboard.freshness", fail)
    with caplog.at_level(logging.DEBUG):
        answer = browser.ask("biller", "/")
    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    incident = answer.text.partition("<code>")[2].partition("</code>")[0]
    assert f"incident {incident}: GET /daysheet/: ValueError" in caplog.text
    for secret in ("Ada", "Traceback"):
        assert secret not in answer.text
        assert secret not in caplog.text


def test_a_database_error_tells_no_value(browser, monkeypatch, caplog):
    def fail(reader, **_):
        reader.connection.execute(f"select '{CLIENT}'::integer")

    monkeypatch.setattr("daysheet.web.dashboard.freshness", fail)
    answer = browser.ask("biller", "/")
    assert answer.status_code == 500
    assert "SQLSTATE 22P02" in caplog.text
    for secret in ("Ada", "::integer", "22P02"):
        assert secret not in answer.text
    assert "Ada" not in caplog.text


def test_a_warehouse_that_is_away_is_an_error_page(browser, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_DAYSHEET_DESK", f"postgresql://a:b@127.0.0.1:{free_port()}/c")
    assert browser.ask("biller", "/").status_code == 500


def test_an_answer_that_breaks_off_drags_no_text_along(at_the_desk):
    from fastapi.responses import StreamingResponse

    from daysheet.web.app import make_app
    from daysheet.web.envelope import Interrupted

    def half():
        yield b"half"
        raise ValueError("Ada Example")

    app = make_app()
    app.get("/half")(lambda: StreamingResponse(half()))
    with pytest.raises(Interrupted) as broken:
        Browser(app).ask("biller", "/half")
    assert "Ada" not in repr(broken.value)
    assert broken.value.__context__ is None


@pytest.mark.parametrize("status", [403, 404, 409, 413, 422])
def test_a_refusal_of_the_desk_is_a_page_with_its_reason(browser, status):
    def refuse():
        raise Refused(status, "some_code", "changed by <b>VC</b> at 10:15")

    browser.app.get("/refuse")(refuse)
    answer = browser.ask("biller", "/refuse")
    assert answer.status_code == status
    assert "changed by &lt;b&gt;VC&lt;/b&gt; at 10:15" in answer.text
