"""What is sent with a request is bounded before anybody is asked who they are."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Form
from fastapi.testclient import TestClient
from httpx import Response

from daysheet.web.app import make_app
from daysheet.web.envelope import HEADERS
from daysheet.web.intake import MOST_BYTES

PATH = "/claims/search"
FORM = "application/x-www-form-urlencoded"


def sent(
    app: FastAPI, user: str | None, content: bytes | Iterator[bytes], kind: str | None = FORM,
    path: str = PATH, method: str = "POST", **headers: str,
) -> Response:  # fmt: skip
    outer = FastAPI()
    outer.mount("/daysheet", app)
    given = {"origin": "http://testserver"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return TestClient(outer, cookies={"_token": user} if user else None).request(
        method,
        f"/daysheet{path}",
        content=content,
        headers=given | ({"content-type": kind} if kind else {}),
    )


def chunks(taken: list[int], count: int) -> Iterator[bytes]:
    for number in range(count):
        taken.append(number)
        yield b"q=" + b"x" * 99_998


@pytest.mark.parametrize("user", [None, "forged", "nobody", "biller"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_body_that_is_too_long_is_refused_whoever_sends_it(browser, user, method):
    answer = sent(browser.app, user, b"q=" + b"x" * MOST_BYTES, method=method)
    assert answer.status_code == 413
    assert "No form of these pages is that long" in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_body_that_says_it_is_too_long_is_not_read(browser):
    for said in (str(MOST_BYTES + 1), "9" * 30):
        assert sent(browser.app, None, b"q=x", content_length=said).status_code == 413


@pytest.mark.parametrize("user", [None, "biller"])
def test_a_body_in_chunks_is_bounded_too(browser, user):
    answer = sent(browser.app, user, chunks([], 11))
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("user", [None, "biller"])
@pytest.mark.parametrize(
    "kind", [None, "application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_only_a_plain_form_is_read(browser, user, kind):
    answer = sent(browser.app, user, b'{"q": "x"}', kind)
    assert answer.status_code == 415
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_form_reaches_its_route_whole(at_the_desk):
    app = make_app()

    @app.post("/length")
    def length(q: str = Form()) -> int:
        return len(q)

    for kind in (FORM, FORM.upper() + "; charset=utf-8"):
        assert (
            sent(app, "biller", b"q=" + b"x" * (MOST_BYTES - 2), kind, "/length").text == "999998"
        )
    assert sent(app, "biller", chunks([], 1), path="/length").text == "99998"
    assert sent(app, None, b"q=x", path="/length").status_code == 401


def test_nothing_sent_is_of_no_kind(browser):
    assert sent(browser.app, "viewer", b"", None, "/aging/export").status_code == 200
