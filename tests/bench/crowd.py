"""People who open one page after another at a steady pace, and what they were shown."""

import re
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import jwt
import psycopg

from daysheet.embedded.deployment import Deployment

PACE = 3.0  # seconds between two pages of one person
_PATIENCE = 60  # seconds for one page
_LOOKS = 0.1  # seconds between two looks at which build is current
_ANY_BUILD = re.compile(r"\b[Bb]uild (\d+)")
_FRESH = re.compile(r"those of build (\d+)")
# These tell of other builds than the one they were read from.
_OF_BUILDS = ("/builds", "/models/{name}")


@dataclass(frozen=True)
class Opened:
    """One page as somebody got it; ``status`` 0 is no answer, ``builds`` are those it names."""

    route: str
    begun: float
    ended: float
    status: int
    builds: frozenset[int]

    @property
    def took(self) -> float:
        return self.ended - self.begun

    @property
    def is_error(self) -> bool:
        return self.status not in (200, 303)


@dataclass
class Timeline:
    """Which build was current, looked at again and again; both lists go together."""

    moments: list[float] = field(default_factory=list)
    builds: list[int] = field(default_factory=list)

    def watch(self, dsn: str, is_over: threading.Event) -> None:
        """Look until it is over, and once more."""
        with psycopg.connect(dsn, autocommit=True) as db:
            while True:
                last = is_over.is_set()
                row = db.execute("select build from ops.current_build").fetchone()
                assert row is not None
                self.moments.append(time.monotonic())
                self.builds.append(row[0])
                if last:
                    return
                time.sleep(_LOOKS)

    def current(self, page: Opened) -> set[int]:
        """Those from the last look before a page was asked for to the first after it was there."""
        first = max(0, bisect_right(self.moments, page.begun) - 1)
        return set(self.builds[first : bisect_left(self.moments, page.ended) + 1])

    def is_mixed(self, page: Opened) -> bool:
        """Whether it names two builds, or one that was not current then."""
        return len(page.builds) > 1 or not page.builds <= self.current(page)


def open_pages(
    deployment: Deployment,
    people: Mapping[str, Sequence[tuple[str, str]]],
    seconds: float,
    is_done: Callable[[], bool],
) -> list[Opened]:
    """Each of ``people`` opens their pages in turn, so long and until all is done meanwhile."""
    tokens = logins(deployment, list(people))
    found: list[Opened] = []
    started = time.monotonic()

    def is_over() -> bool:
        return time.monotonic() - started >= seconds and is_done()

    def walk(number: int, user: str) -> None:
        pages = people[user]
        at, turn = started + PACE * number / len(people), number * len(pages) // len(people)
        with httpx.Client(
            base_url=f"{deployment.url}/daysheet",
            cookies={"_token": tokens[user]},
            timeout=_PATIENCE,
            trust_env=False,
        ) as client:
            while not is_over():
                time.sleep(max(0.0, at - time.monotonic()))
                found.append(_opened(client, *pages[turn % len(pages)]))
                at, turn = max(at + PACE, time.monotonic()), turn + 1

    walkers = [
        threading.Thread(target=walk, args=(number, user), daemon=True)
        for number, user in enumerate(people)
    ]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    return found


def logins(deployment: Deployment, users: Sequence[str]) -> dict[str, str]:
    """A token of each user: what the one login of a deployment gets, in their names."""
    name, password = deployment.login
    answer = httpx.post(
        f"{deployment.url}/auth/token",
        json={"username": name, "password": password},
        trust_env=False,
        timeout=_PATIENCE,
    )
    answer.raise_for_status()
    token = answer.json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    return {
        user: jwt.encode(
            claims | {"sub": user, "jti": uuid4().hex},
            deployment.credentials.jwt_secret,
            algorithm=header["alg"],
            headers={key: header[key] for key in ("kid",) if key in header},
        )
        for user in users
    }


def _opened(client: httpx.Client, route: str, path: str) -> Opened:
    begun, status, text = time.monotonic(), 0, ""
    try:
        answer = client.get(path)
        status, text = answer.status_code, answer.text
    except httpx.HTTPError:
        pass  # no answer is an error of the page
    ended = time.monotonic()
    named = _FRESH if route.startswith(_OF_BUILDS) else _ANY_BUILD
    builds = frozenset(map(int, named.findall(text)))
    return Opened(route, begun, ended, status, builds)
