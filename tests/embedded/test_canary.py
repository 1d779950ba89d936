"""Words from every text cell are where rows belong, and nowhere else, whatever fails."""

import contextlib
import gzip
import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from daysheet.catalog import load_contract
from daysheet.synthetic.practice import generate
from tests.embedded import places
from tests.embedded.canaries import Practice, Words, csv_text, row, words_in
from tests.embedded.conftest import Home
from tests.embedded.watching import Watched, until

pytestmark = pytest.mark.airflow

UNTIL = date(2026, 1, 31)
NEW = 900_000  # keys from here on are in no generated file

REASONS = [
    "bad_date", "bad_encoding", "bad_integer", "bad_money", "bad_timestamp", "field_too_long",
    "no_final_newline", "nul_byte", "stray_quote", "wrong_width",
]  # fmt: skip

# A refusal that quotes the whole row in every part of its message, as real ones do in some.
REFUSE = """
create function public.refuse(cells text, code text) returns boolean language plpgsql as $$
begin
    if cells ~ 'Qzkxvjwq' then
        raise exception 'refused %', cells using errcode = code, detail = cells, hint = cells;
    end if;
    return true;
end
$$;
create function public.refuse_row() returns trigger language plpgsql as $$
begin
    raise exception 'refused %', new using errcode = '40001', detail = new::text;
end
$$;
"""


@dataclass
class Story:
    """One deployment's life full of failures, and what was planted in it."""

    watched: Watched
    words: Words
    practice: Practice
    refused: set[str] = field(default_factory=set)  # in rows that quarantine keeps
    nowhere: set[str] = field(default_factory=set)  # in what is not even kept there
    names: set[str] = field(default_factory=set)  # of files
    said: list[bytes] = field(default_factory=list)  # by our commands
    command_lines: set[bytes] = field(default_factory=set)
    first_build: int = 0

    @property
    def home(self) -> Home:
        return self.watched.home

    def name(self) -> str:
        word = self.words.new("file name")
        self.names.add(word)
        return word


@pytest.fixture(scope="module")
def story(home: Home) -> Iterator[Story]:
    """Load, build and publish a practice full of words; then let everything fail."""
    words = Words()
    home.environment |= {
        "DAYSHEET_STABLE_SECONDS": "1",
        "DAYSHEET_POLL_SECONDS": "1",
        "DAYSHEET_AS_OF": str(UNTIL),
    }
    with tempfile.TemporaryDirectory(prefix="daysheet-canary-") as folder:
        generate(Path(folder), patients=60, years=1, until=UNTIL, seed=4)
        practice = Practice(Path(folder), words)
        home.do("up")
        told = Story(Watched(home), words, practice)
        with _watching_command_lines(told):
            _publish(told, Path(folder))
            _break_the_database(told.watched)
            _drop_what_fails(told)
            _follow_the_failures(told)
            for command in (["status", "--json"], ["doctor"]):
                told.said.append(home.run(*command).stdout.encode())
        yield told


def _publish(story: Story, folder: Path) -> None:
    loaded = story.home.run("load", str(folder), "--json")
    assert loaded.returncode == 0, loaded.stderr
    story.said += [loaded.stdout.encode(), loaded.stderr.encode()]
    build = "select build from ops.current_build where build is not null"
    story.first_build = until(lambda: story.watched.query(build), 120, "a published build")[0][0]


def _break_the_database(watched: Watched) -> None:
    """From now on a load and two models meet a refusal that a retry ends, and others that stay."""
    watched.query(REFUSE)
    watched.query(
        "create trigger refuse before insert on raw.opendental__carrier"
        " for each row execute function public.refuse_row()"
    )
    watched.query(
        "alter table raw.opendental__feesched add constraint holds_no_words"
        " check (\"Description\" !~ 'Qzkxvjwq') not valid"
    )
    for table, code in (("provider", "40001"), ("usergroup", "22P02")):
        relation = f"raw.opendental__{table}"
        watched.query(f"alter table {relation} enable row level security")
        watched.query(f"create policy loading on {relation} to daysheet_loader using (true)")
        watched.query(
            f"create policy reading on {relation} for select to daysheet_builder"
            f" using (public.refuse(opendental__{table}::text, '{code}'))"
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


def _drop_what_fails(story: Story) -> None:
    """Every way a file can fail, in one drop; all of it appears at once."""
    inbox = Path(story.home.status()["inbox"])
    draft = inbox / "opendental" / ".draft"
    draft.mkdir()

    def drop(table: str, content: bytes, ending: str = "csv") -> None:
        (draft / f"{table}_{story.name()}.{ending}").write_bytes(content)

    for table in ("patient", "provider", "usergroup", "carrier"):
        changed = _changed(story, table)
        drop(table, changed)
    drop("carrier", changed)
    for table in ("claimpayment", "patient"):
        drop(table, _damaged(story, table))
    drop("feesched", _unread(story, "feesched"))
    drop("usergroup", _unread(story, "usergroup").replace(b"UserGroupNum", b"\0", 1))
    drop("employer", _unread(story, "employer").replace(b"EmployerNum", b"EmployerNum,x,x", 1))
    drop("clinic", _unread(story, "clinic").replace(b"ClinicNum", _new(story), 1))
    drop("referral", gzip.compress(_unread(story, "referral"))[:-9], "csv.gz")
    drop("anything", _new(story))
    (draft / f"recall_{story.name()}.csv").symlink_to(draft / "anything")
    _folder(draft / story.name(), {"fee.csv": {"rows": 7}}, _unread(story, "fee"))
    wrong = {f"{story.name()}.csv": {"rows": _new(story).decode()}, "fee.csv": {}}
    _folder(draft / story.name(), wrong, _unread(story, "fee"), **{_new(story).decode(): 1})
    strange = inbox / story.name()
    strange.mkdir()
    (strange / f"{story.name()}.csv").write_bytes(_new(story))
    for path in draft.iterdir():
        path.rename(draft.parent / path.name)


def _changed(story: Story, table: str) -> bytes:
    contract = load_contract("opendental", table)
    like = story.practice.rows[table] | {contract.changed_at or "": "0001-01-01 00:00:00"}
    cells = row(contract, NEW, story.words, like)
    for name, cell in cells.items():
        if words_in(cell.encode()):
            kept = contract.columns[name].load
            (story.practice.loaded if kept else story.practice.never_loaded).add(cell)
    return csv_text([cells]).encode()


def _unread(story: Story, table: str) -> bytes:
    """A sound file nothing of which will be loaded."""
    text = csv_text([row(load_contract("opendental", table), NEW, story.words, {})]).encode()
    story.nowhere |= words_in(text)
    return text


def _new(story: Story) -> bytes:
    word = story.words.new("elsewhere in a file")
    story.nowhere.add(word)
    return word.encode()


def _damaged(story: Story, table: str) -> bytes:
    """A file all rows of which are refused, first for one cell each, then as they stand."""
    contract = load_contract("opendental", table)
    hides_rows = any(column.phi == "secret_or_account" for column in contract.columns.values())
    lines = [",".join(contract.columns)]

    def add(name: str, damaged: str) -> dict[str, str]:
        cells = row(contract, NEW + len(lines), story.words, {})
        cells[name] = damaged.format(story.words.new(f"damaged {table}.{name}"))
        lines.append(",".join(cells.values()))
        return cells

    def note(cells: dict[str, str], kept: Iterable[str]) -> None:
        kept_words = words_in(" ".join(kept).encode())
        story.refused |= kept_words
        story.nowhere |= words_in(" ".join(cells.values()).encode()) - kept_words

    for kind in ("money", "date", "timestamp", "integer", "smallint", "bigint"):
        for name in [name for name, column in contract.loaded.items() if column.type == kind][:1]:
            cells = add(name, "{}")
            note(cells, [cells[name] for name in contract.loaded])
    text = [name for name, column in contract.columns.items() if column.type == "text"][-1]
    for damage in ("{}\0", "{}\ufffd", "{},", '{}"', "{}" + "x" * 2**20, "{}"):
        cells = add(text, damage)  # the last one's fault is that its line does not end
        note(cells, [] if hides_rows else cells.values())
    return "\n".join(lines).encode().replace("\ufffd".encode(), b"\xff")


def _folder(folder: Path, files: dict, content: bytes, **manifest: int) -> None:
    folder.mkdir()
    (folder / "fee.csv").write_bytes(content)
    (folder / "_manifest.json").write_text(json.dumps({"files": files} | manifest))


def _follow_the_failures(story: Story) -> None:
    watched = story.watched
    until(lambda: watched.tasks("ingest_csv_drops", "up_for_retry"), 60, "a load to be retried")
    watched.query("drop trigger refuse on raw.opendental__carrier")
    both = "int_patient_profile", "int_provider_profile"
    until(
        lambda: len(watched.tasks("phase_0_foundation", "up_for_retry")) == len(both),
        90, "two models to be retried",
    )  # fmt: skip
    watched.query("alter table raw.opendental__provider disable row level security")
    until(lambda: watched.runs("phase_0_foundation", "failed"), 90, "a failed build")
    until(lambda: len(places.mails(watched)) >= 2, 60, "mail about both")


@contextlib.contextmanager
def _watching_command_lines(story: Story) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            for pid in story.home.processes():
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
    assert len(story.practice.loaded) > 80
    missed = story.practice.loaded - _found(places.warehouse(story.watched, "raw"))
    assert not missed, [story.words.meaning[word] for word in missed]


def _assert_none(story: Story, place: places.Place, known: str) -> None:
    """``place`` holds no word, though ``known`` shows that it is the place meant."""
    assert any(known.encode() in content for content in place.values()), f"no {known}"
    leaks = {
        f"{where}: {story.words.meaning.get(word, word)}"
        for where, content in place.items()
        for word in words_in(content)
    }
    assert not leaks, sorted(leaks)[:20]


def test_raw_holds_the_words_of_loaded_columns_and_no_others(story, search_works):
    there = _found(places.warehouse(story.watched, "raw"))
    assert {story.words.meaning[word] for word in there - story.practice.loaded} == set()


def test_quarantine_holds_the_words_of_refused_rows_and_no_others(story):
    there = _found(places.warehouse(story.watched, "quarantine"))
    assert len(story.refused) > 30
    assert there == story.refused


def test_what_is_never_loaded_is_nowhere_in_the_warehouse(story, search_works):
    for schema in ("raw", "load", "quarantine", "store", "reporting"):
        there = _found(places.warehouse(story.watched, schema))
        assert not there & (story.practice.never_loaded | story.nowhere)


def test_everything_failed_as_it_was_meant_to(story):
    verdicts = story.watched.query(
        "select coalesce(table_name, '-'), state, split_part(problem, ':', 1)"
        " from ops.file where file_name ~ 'Qzkxvjwq' order by 1, 2, 3"
    )
    assert verdicts == [
        ("-", "rejected", "manifest_invalid"),
        ("-", "rejected", "unknown_source"),
        ("-", "rejected", "unknown_table"),
        ("carrier", "duplicate", "duplicate"),
        ("carrier", "loaded", None),
        ("claimpayment", "loaded_with_quarantine", None),
        ("clinic", "held", "missing_columns"),
        ("employer", "rejected", "duplicate_columns"),
        ("fee", "held", "row_count"),
        ("fee", "rejected", "manifest_invalid"),
        ("feesched", "held", "not_loadable"),
        ("patient", "loaded", None),
        ("patient", "loaded_with_quarantine", None),
        ("provider", "loaded", None),
        ("recall", "rejected", "not_a_plain_file"),
        ("referral", "rejected", "bad_gzip"),
        ("usergroup", "loaded", None),
        ("usergroup", "rejected", "bad_header"),
    ]
    reasons = story.watched.query(
        "select distinct split_part(reason, ':', 1)"
        " from quarantine.refused_row, unnest(reasons) as reason order by 1"
    )
    assert [reason for (reason,) in reasons] == REASONS
    ends = story.watched.tasks("phase_0_foundation", "success", "failed")
    assert set(ends) >= {
        ("int_patient_profile", "failed", 2),  # a lost race at first, then its own check
        ("int_provider_profile", "success", 2),
        ("int_opendental_system_logs", "failed", 1),
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


def test_our_commands_say_no_word(story, search_works):
    _assert_none(story, dict(enumerate(story.said)), "carrier")


def test_the_build_published_before_the_failures_stays(story):
    assert story.watched.query("select build from ops.current_build") == [(story.first_build,)]
