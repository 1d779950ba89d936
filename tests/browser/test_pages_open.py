"""Every page opens for every role, in light and dark, on a desk and on a phone, without a fault."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page

from daysheet.web.app import make_app
from tests.browser.conftest import DESKTOP, PHONE, Visit, visitor
from tests.web.conftest import ROLES
from tests.web.test_route_grid import GRID

PAGES = sorted(
    route.path
    for route in make_app().routes
    if isinstance(route, APIRoute) and "GET" in route.methods
)
FAULTS = (Path(__file__).parent / "page_faults.js").read_text()
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def visitors(chromium, site) -> Iterator[dict[str, Visit]]:
    """One of each role, who goes from page to page."""
    with ExitStack() as visits:
        yield {role: visits.enter_context(visitor(chromium, site, role)) for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", PAGES)
def test_a_page_opens_without_a_fault(visitors, practice, route, role):
    visiting, is_barred = visitors[role], GRID["GET", route][1][role] == 403
    for path in practice.paths(route, role):
        answer = visiting.open(path)
        assert answer.status == (403 if is_barred else 200), path
        if "text/html" in answer.headers["content-type"]:
            look(visiting.page, path)
    assert visiting.problems() == []


def look(page: Page, path: str) -> None:
    """At the open page in light and dark, as wide as a desk and as narrow as a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            where = f"{path}, {scheme}, {size['width']} wide"
            assert not page.evaluate(_TOO_WIDE), f"{where}: scrolls sideways"
        assert page.evaluate(FAULTS) == [], where


@pytest.mark.parametrize("is_dark", [False, True])
def test_dark_is_dark(visit, is_dark):
    visiting = visit("biller", is_dark=is_dark)
    visiting.open("/")
    # drawn, for the color may be written in any notation
    shade = visiting.page.evaluate(
        "() => { const pen = new OffscreenCanvas(1, 1).getContext('2d');"
        " pen.fillStyle = getComputedStyle(document.body).backgroundColor;"
        " pen.fillRect(0, 0, 1, 1); return pen.getImageData(0, 0, 1, 1).data[0]; }"
    )
    assert (shade < 64) == is_dark


def test_a_page_with_faults_is_found_out(visit, practice):
    """The checks above see what they are for."""
    visiting = visit("biller")
    visiting.open("/")
    visiting.page.evaluate("""() => {
        const main = document.querySelector("main");
        main.insertAdjacentHTML("beforeend", `
            <input name="nameless"><a href="/x"></a><p id="content" style="color: red">twice</p>
            <p aria-labelledby="nowhere">x</p><h1>another</h1><img src="data:,">
            <p class="pale">pale</p><div class="wide">wide</div>`);
        main.querySelector(".pale").style.color = "#aaa";
        main.querySelector(".wide").style.width = "2000px";
    }""")
    visiting.page.wait_for_timeout(50)
    told = "\n".join(visiting.page.evaluate(FAULTS))
    for fault in (
        "no label: <input",
        "no label: <a",
        "id twice: <p",
        "aria-labelledby of nothing",
        "2 times h1",
        "no alternative: <img",
        'contrast 2.3: <p class="pale"',
    ):
        assert fault in told, fault  # fmt: skip
    assert visiting.page.evaluate(_TOO_WIDE)
    policy = " ".join(visiting.problems())
    assert "style-src" in policy
    assert "img-src" in policy
