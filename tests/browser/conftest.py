"""The app as a browser meets it: served on loopback below ``/daysheet``, over a small practice.

Only Airflow's own look at a token is faked: the cookie says who somebody is.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from daysheet.settings import get_settings
from daysheet.web.app import make_app
from tests.browser.practice import Practice, open_practice
from tests.conftest import Warehouse
from tests.desk.conftest import TODAY, Desk
from tests.web.conftest import Token

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}

_WATCH = """
    window.broken = [];
    document.addEventListener("securitypolicyviolation", (event) =>
        window.broken.push(`${event.violatedDirective} by ${event.blockedURI}`));
"""


def path_of_browser() -> str:
    """The system's Chromium; without one the test is skipped, or fails if REQUIRE_BROWSER is 1."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        told = f"no browser: install one of {', '.join(BROWSERS)} (apt-get install chromium)"
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(told)
    return found


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; it ends with these tests, for others need this thread's event loop."""
    path = path_of_browser()
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be set up by root, nor its shared memory in a container.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def practice(chromium: Browser, shared_warehouse: Warehouse) -> Practice:
    """The module's own practice."""
    return open_practice(Desk(shared_warehouse))


@pytest.fixture(scope="module")
def site(practice: Practice) -> Iterator[str]:
    """Where the app is served over it, as ``http://127.0.0.1:port/daysheet``."""
    outer = FastAPI()
    outer.mount("/daysheet", make_app())
    config = uvicorn.Config(outer, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    with pytest.MonkeyPatch.context() as patch:
        for place in ("airflow.api_fastapi.core_api.security", "daysheet.web.access"):
            patch.setattr(f"{place}.get_auth_manager", Token)
        patch.setenv("DAYSHEET_AS_OF", TODAY.isoformat())
        for role in ("desk", "reader"):
            dsn = practice.desk.warehouse.dsn(role)
            patch.setenv(f"AIRFLOW_CONN_DAYSHEET_{role.upper()}", dsn)
        get_settings.cache_clear()
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the app was not served"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/daysheet"
        server.should_exit = True
        thread.join(10)
    get_settings.cache_clear()


@dataclass
class Visit:
    """Somebody at a page. ``problems`` are what the browser complained of since the last look."""

    site: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Response:
        """Go to a path of the app."""
        answer = self.page.goto(self.site + path)
        assert answer is not None
        return answer

    def problems(self) -> list[str]:
        """Errors of the console, of scripts, of the network, and what the policy forbade."""
        found = self.complaints + self.page.evaluate("window.broken")
        self.complaints.clear()
        return found

    def hear(self, message: ConsoleMessage) -> None:
        """Keep errors of a page: not that it answers 403, nor a missing icon beside the app."""
        asked = message.location.get("url", "")
        is_answer = "status of 4" in message.text and (
            asked == self.page.url or not asked.startswith(self.site)
        )
        if message.type == "error" and not is_answer:
            self.complaints.append(message.text)


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Callable[..., Visit]]:
    """Somebody of that user name comes with a browser of their own: ``visit("biller")``."""
    with ExitStack() as visits:
        yield lambda user, **how: visits.enter_context(visitor(chromium, site, user, **how))


@contextmanager
def visitor(
    chromium: Browser, site: str, user: str, *, is_dark: bool = False, is_phone: bool = False
) -> Iterator[Visit]:
    """Somebody who is logged in by that user name, until the end."""
    context = chromium.new_context(
        viewport=PHONE if is_phone else DESKTOP, color_scheme="dark" if is_dark else "light"
    )
    context.add_cookies([{"name": "_token", "value": user, "url": site}])
    context.add_init_script(_WATCH)
    context.set_default_timeout(10_000)
    visiting = Visit(site, context.new_page())
    visiting.page.on("console", visiting.hear)
    visiting.page.on("pageerror", lambda error: visiting.complaints.append(str(error)))
    yield visiting
    context.close()
