"""Words from every text cell are where rows belong, and nowhere else, whatever fails."""

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from daysheet.synthetic.practice import generate
from tests.embedded import places
from tests.embedded.bad_drop import REASONS, VERDICTS, BadDrop
from tests.embedded.canaries import FILE_NAME, Practice, Words, words_in
from tests.embedded.conftest import Home
from tests.embedded.report_canaries import ReportCanaries
from tests.embedded.watching import Watched, until

pytestmark = pytest.mark.airflow

UNTIL = date(2026, 1, 31)

# A refusal that quotes the row in every part of its message, and stops after some times: what a
# sequence counts is not rolled back.
REFUSE = """
create sequence public.refusals;
create function public.refuse(cells text, code text, times bigint) returns boolean
language plpgsql security definer as $$
begin
    if cells ~ 'Qzkxvjwq' and (times is null or nextval('public.refusals') <= times) then
        raise exception 'refused %', cells using errcode = code, detail = cells, hint = cells;
    end if;
    return true;
end
$$;
create function public.refuse_row() returns trigger language plpgsql security definer as $$
begin
    perform public.refuse(new::text, '40001', 1);
    return new;
end
$$;
create trigger refuse before insert on raw.opendental__carrier
for each row execute function public.refuse_row();
"""


@dataclass
class Story:
    """One deployment's life full of failures, and what was planted in it."""

    watched: Watched
    practice: Practice
    reports: ReportCanaries
    bad_drop: BadDrop
    said: list[bytes] = field(default_factory=list)  # by our commands
    command_lines: set[bytes] = field(default_factory=set)
    first_build: int = 0

    @property
    def loaded(self) -> set[str]:
        return self.practice.loaded | self.reports.loaded | self.bad_drop.loaded

    @property
    def refused(self) -> set[str]:
        return self.reports.refused | self.bad_drop.refused

    def meaning(self, words: set[str]) -> list[str]:
        """For people: what words stand for."""
        return sorted(self.practice.words.meaning.get(word, word) for word in words)


@pytest.fixture(scope="module")
def story(home: Home) -> Story:
    """Load, build and publish a practice full of words; then let everything fail."""
    home.environment |= {
        "DAYSHEET_STABLE_SECONDS": "0",  # what appears at once is taken at once
        "DAYSHEET_POLL_SECONDS": "1",
        "DAYSHEET_AS_OF": str(UNTIL),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # it reads them once
    }
    with tempfile.TemporaryDirectory(prefix="daysheet-canary-") as folder:
        generate(Path(folder), patients=60, years=1, until=UNTIL, seed=4)
        practice = Practice(Path(folder), Words())
        reports = ReportCanaries(Path(folder), practice.words)
        home.do("up")
        told = Story(Watched(home), practice, reports, BadDrop(practice))
        told.watched.query(REFUSE)
        with _watching_command_lines(told):
            _publish(told, Path(folder))
            _break_the_database(told.watched)
            told.bad_drop.put_into(Path(home.status()["inbox"]))
            _follow_the_failures(told.watched)
            told.said.append(home.run("doctor").stdout.encode())
    return told


def _publish(story: Story, folder: Path) -> None:
    loaded = story.watched.home.run("load", str(folder), "--json")
    assert loaded.returncode == 0, loaded.stderr
    story.said += [loaded.stdout.encode(), loaded.stderr.encode()]
    build = "select build from ops.current_build where build is not null"
    story.first_build = until(lambda: story.watched.query(build), 300, "a published build")[0][0]


def _break_the_database(watched: Watched) -> None:
    """Loads and models meet refusals from now on; one of them is over when it is tried again."""
    watched.query("drop trigger refuse on raw.opendental__carrier")
    watched.query("alter sequence public.refusals restart")
    for table, code, times in (("provider", "40001", 2), ("usergroup", "22P02", "null")):
        relation = f"raw.opendental__{table}"
        watched.query(f"alter table {relation} enable row level security")
        watched.query(f"create policy loading on {relation} to daysheet_loader using (true)")
        watched.query(
            f"create policy reading on {relation} for select to daysheet_builder"
            f" using (public.refuse(opendental__{table}::text, '{code}', {times}))"
        )
    watched.query(
        "alter table raw.opendental__feesched add constraint holds_no_words"
        " check (\"Description\" !~ 'Qzkxvjwq') not valid"
    )
    # A patient twice, so that the grain check of a model finds something.
    (index,) = watched.query(
        "select indexrelid::regclass::text from pg_index"
        " where indrelid = 'raw.opendental__patient'::regclass and indisunique"
    )[0]
    watched.query(f"drop index {index}")
    watched.query(
        "insert into raw.opendental__patient select * from raw.opendental__patient"
        " where \"LName\" ~ 'Qzkxvjwq'"
    )


def _follow_the_failures(watched: Watched) -> None:
    until(lambda: watched.runs("ingest_csv_drops", "failed"), 300, "a red run of ingest")
    until(lambda: watched.runs("phase_0_foundation", "failed"), 300, "a failed build")
    until(lambda: _mails_of_failures(watched) >= 2, 120, "mail about both failed runs")


def _mails_of_failures(watched: Watched) -> int:
    return sum(b" failed" in mail for mail in places.mails(watched).values())


@contextlib.contextmanager
def _watching_command_lines(story: Story) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(1):
            for pid in story.watched.home.processes():
                with contextlib.suppress(OSError):
                    story.command_lines.add(Path(f"/proc/{pid}/cmdline").read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _found(place: places.Place) -> set[str]:
    return set().union(*map(words_in, place.values()))


@pytest.fixture(scope="module")
def search_works(story: Story) -> None:
    """The search finds what is there before it may say that something is not."""
    assert len(story.loaded) > 80
    missed = story.loaded - _found(places.warehouse(story.watched, "raw"))
    assert not story.meaning(missed)


def _assert_none(story: Story, place: places.Place, known: str) -> None:
    """``place`` holds no word, though ``known`` shows that it is the place meant."""
    assert any(known.encode() in content for content in place.values()), f"no {known}"
    leaks = {where: story.meaning(words_in(content)) for where, content in place.items()}
    assert {where: words for where, words in leaks.items() if words} == {}


def test_raw_holds_the_words_of_loaded_columns_and_no_others(story, search_works):
    there = _found(places.warehouse(story.watched, "raw"))
    assert story.meaning(there - story.loaded) == []


def test_quarantine_holds_the_words_of_refused_rows_and_no_others(story):
    there = _found(places.warehouse(story.watched, "quarantine"))
    assert len(story.refused) > 30
    assert story.meaning(there ^ story.refused) == []


def test_the_desk_holds_the_words_of_loaded_reports_and_no_others(story, search_works):
    there = _found(places.warehouse(story.watched, "desk"))
    assert story.meaning(there ^ story.reports.loaded) == []


def test_what_is_never_loaded_is_nowhere_in_the_warehouse(story, search_works):
    never = story.practice.never_loaded | story.bad_drop.nowhere
    assert len(never) > 400
    for schema in ("raw", "load", "quarantine", "store", "reporting"):
        there = _found(places.warehouse(story.watched, schema))
        assert story.meaning(there & never) == [], schema


def test_everything_failed_as_it_was_meant_to(story):
    verdicts = story.watched.query(
        "select coalesce(table_name, '-'), state, split_part(problem, ':', 1)"
        " from ops.file where source != 'simplepractice' and (batch > 1 or batch is null)"
        " order by 1, 2, 3"
    )
    assert verdicts == VERDICTS
    reasons = story.watched.query(
        "select distinct split_part(reason, ':', 1)"
        " from ops.file inner join quarantine.refused_row using (file_id),"
        " unnest(reasons) as reason where source != 'simplepractice' order by 1"
    )
    assert [reason for (reason,) in reasons] == REASONS
    assert story.watched.tries_in_vain("ingest_csv_drops") >= 1
    assert story.watched.tries_in_vain("phase_0_foundation") >= 2
    ends = story.watched.tasks("phase_0_foundation", "success", "failed")
    assert {(task, state) for task, state, _ in ends} >= {
        ("int_patient_profile", "failed"),  # by its check, when it was tried again
        ("int_provider_profile", "success"),
        ("int_opendental_system_logs", "failed"),
    }
    checks = "select failing from ops.check_result where check_name = 'grain is unique'"
    assert (1,) in story.watched.query(checks)


def test_the_server_log_holds_no_word(story, search_works):
    _assert_none(story, places.server_log(story.watched), "database system is ready")


def test_no_file_of_the_deployment_holds_a_word(story, search_works):
    _assert_none(story, places.files(story.watched), "SQLSTATE 40001")


def test_airflows_database_holds_no_word(story, search_works):
    _assert_none(story, places.metadata(story.watched), "quarantined")


def test_mails_hold_no_word(story, search_works):
    _assert_none(story, places.mails(story.watched), "phase_0_foundation")


def test_ops_know_no_word_but_file_names(story, search_works):
    _assert_none(story, places.ops(story.watched), "not_loadable")


def test_command_lines_hold_no_word(story, search_works):
    _assert_none(story, dict(enumerate(story.command_lines)), "airflow worker")


def test_our_commands_say_no_word_but_the_names_of_the_files_they_were_given(story, search_works):
    said = b"".join(story.said)
    assert b"quarantined" in said
    assert set(story.meaning(words_in(said))) <= {FILE_NAME}


def test_the_build_published_before_the_failures_stays(story):
    assert story.watched.query("select build from ops.current_build") == [(story.first_build,)]
