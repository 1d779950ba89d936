"""Files of one table may arrive in any order and any grouping into batches: one final state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.loading import Loads

START = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Export:
    """What a practice's database gave out at one moment: key -> (value, time it changed)."""

    mode: str
    at: int
    rows: tuple[tuple[int, int, int], ...]

    def text(self, timed: bool) -> str:
        if not timed:
            rows = "".join(f"{key},v{value}\n" for key, value, _ in self.rows)
            return "UserGroupNum,Description\n" + rows
        header = "FeeNum,Amount,FeeSched,CodeNum,ClinicNum,ProvNum,SecDateTEdit\n"
        return header + "".join(
            f"{key},{value},1,1,0,0,{START + timedelta(hours=changed)}\n"
            for key, value, changed in self.rows
        )


@st.composite
def histories(draw) -> list[Export]:
    """A table whose rows come, change and go, and up to five exports of it on the way.

    Values are few, so that a row may change back; a changes file may also repeat old rows.
    """
    alive: dict[int, tuple[int, int]] = {}
    exports: list[Export] = []
    clock = 0
    for step in draw(st.lists(st.sampled_from("wwwdfc"), min_size=4, max_size=14)):
        clock += 2  # exports fall between changes
        key = draw(st.integers(1, 3))
        if step == "w":
            alive[key] = (draw(st.integers(0, 1)), clock)
        elif step == "d":
            alive.pop(key, None)
        elif len(exports) < 5:
            since = draw(st.integers(0, clock)) if step == "c" else -1
            rows = [(key, *row) for key, row in sorted(alive.items()) if row[1] > since]
            exports.append(Export("full" if step == "f" else "changes", clock + 1, tuple(rows)))
    return exports


def final_state(exports: list[Export], timed: bool) -> dict[int, int]:
    """What must be known in the end, said without any order of arrival."""
    newest = max(
        (one for one in exports if one.mode == "full"), key=lambda one: one.at, default=None
    )
    seen: dict[int, list[tuple[int, int]]] = {}
    for export in exports:
        for key, value, changed in export.rows:
            seen.setdefault(key, []).append((changed if timed else export.at, value))
    held = {key for key, _, _ in newest.rows} if newest else set()
    until = newest.at if newest else -1
    return {
        key: max(versions)[1]
        for key, versions in seen.items()
        if key in held or max(versions)[0] > until
    }


def apply(loads: Loads, exports: list[Export], timed: bool, new_batch: set[int]) -> tuple:
    loads.clear()
    for at, export in enumerate(exports):
        if at in new_batch:
            loads.next_batch()
        loads.load(
            "fee" if timed else "usergroup",
            export.text(timed),
            mode=export.mode,
            exported_on=START + timedelta(hours=export.at),
        )
    table = "fee" if timed else "usergroup"
    columns = ("FeeNum", "Amount") if timed else ("UserGroupNum", "Description")
    current = {
        key: int(value) if timed else int(value[1:])
        for key, value in loads.current(table, *columns)
    }
    state = loads.state(table) if exports else (0, 0, 0)
    assert state == loads.counted_state(table)
    return current, state


@pytest.fixture(scope="module")
def loads(shared_warehouse, tmp_path_factory):
    with Loads(shared_warehouse, tmp_path_factory.mktemp("drops"), hold_closed_rows=9) as loads:
        yield loads


@pytest.mark.parametrize("timed", [True, False])
def test_every_order_of_four_drops_ends_in_one_state(loads, timed):
    exports = [
        Export("full", 3, ((1, 0, 1), (2, 0, 2))),
        Export("changes", 7, ((2, 1, 6), (3, 0, 5))),
        Export("full", 11, ((1, 0, 1), (2, 0, 10))),
        Export("changes", 15, ((1, 0, 1), (4, 1, 14))),
    ]
    ends = {repr(apply(loads, list(order), timed, {1, 3})[1]) for order in permutations(exports)}
    assert len(ends) == 1
    assert apply(loads, exports, timed, set())[0] == final_state(exports, timed) != {}


@pytest.mark.parametrize("timed", [True, False])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_order_and_grouping_of_any_history_ends_in_one_state(loads, timed, data):
    exports = data.draw(histories())
    expected = final_state(exports, timed)
    arrivals = st.tuples(st.permutations(exports), st.sets(st.integers(0, 4)))
    ends = [apply(loads, list(order), timed, split) for order, split in data.draw(
        st.lists(arrivals, min_size=2, max_size=3))]  # fmt: skip
    assert [current for current, _ in ends] == [expected] * len(ends)
    assert len({state for _, state in ends}) == 1


def test_a_file_dropped_again_late_changes_nothing(loads):
    exports = [
        Export("full", 3, ((1, 0, 1), (2, 0, 2))),
        Export("changes", 7, ((2, 1, 6),)),
        Export("full", 11, ((2, 1, 6),)),
    ]
    once = apply(loads, exports, True, set())
    assert apply(loads, [*exports, *exports], True, {3}) == once
