"""The bench's crowd: which pages it counts as errors, and as of two builds."""

import pytest
from tests.bench.crowd import Opened, Timeline

# Build 2 was published between the looks at 2 and at 3.
LOOKS = Timeline([1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])


@pytest.mark.parametrize(
    ("begun", "ended", "builds", "expected"),
    [
        (1.1, 1.5, {1}, False),
        (1.1, 1.5, {2}, True),  # not yet
        (1.1, 2.5, {1}, False),
        (1.1, 2.5, {2}, False),  # it may have been, just now
        (3.1, 3.5, {1}, True),  # no longer
        (3.1, 3.5, {2}, False),
        (1.1, 3.5, {1, 2}, True),
        (0.5, 0.9, {1}, False),
        (4.1, 5.0, {2}, False),
        (4.1, 5.0, set(), False),
    ],
)
def test_a_page_is_of_one_build_that_was_current_meanwhile(begun, ended, builds, expected):
    assert LOOKS.is_mixed(Opened("/", begun, ended, 200, frozenset(builds))) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [(200, False), (303, False), (0, True), (404, True), (500, True)]
)
def test_whatever_shows_no_page_is_an_error(status, expected):
    assert Opened("/", 1, 2, status, frozenset()).is_error is expected
