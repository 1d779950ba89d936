"""One real deployment: up, every part killed in turn and repaired, down, up again."""

import contextlib
import json
import os
import smtplib
import urllib.error
import urllib.request
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from daysheet.embedded.api import AirflowApi, ApiRefused
from daysheet.embedded.ports import is_free
from daysheet.embedded.processes import children
from daysheet.settings import PROJECT
from tests.embedded.conftest import Home

pytestmark = pytest.mark.airflow

PARTS = ["postgres", "mailbox", "api-server", "dag-processor", "triggerer", "scheduler"]


@pytest.fixture(scope="module", autouse=True)
def _up(home: Home) -> None:
    home.do("up")


def test_up_ends_when_every_part_works_and_the_dags_are_there(home):
    assert home.states() == dict.fromkeys(PARTS, "works")
    api = AirflowApi(home.deployment)
    files = {path.name for path in (PROJECT / "dags").glob("*.py")}
    dags = api.get("dags", limit=100)["dags"]
    assert {dag["relative_fileloc"] for dag in dags} == files
    assert not any(dag["is_paused"] for dag in dags)


def test_only_who_knows_the_password_gets_in(home):
    intruder = AirflowApi(home.deployment)
    intruder._login = ("admin", "guess")
    with pytest.raises(ApiRefused) as refused:
        intruder.get("dags")
    assert refused.value.status == 401


def test_up_again_starts_nothing(home):
    before = home.pids()
    home.do("up")
    assert home.pids() == before


def test_builds_give_way_to_pages(home):
    behind = {"scheduler", "dag-processor"}
    own = os.getpriority(os.PRIO_PROCESS, 0)
    niceness = {part: os.getpriority(os.PRIO_PROCESS, pid) for part, pid in home.pids().items()}
    assert niceness == {part: 10 if part in behind else own for part in PARTS}
    tasks = children(home.pids()["scheduler"])
    assert tasks
    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in tasks} == {10}


def test_nothing_listens_beyond_loopback(home):
    sockets = set()
    for pid in home.processes():
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):  # closed meanwhile
                sockets.add(os.readlink(descriptor))
    addresses = [
        fields[1]
        for table in ("tcp", "tcp6")
        for fields in map(str.split, Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets
    ]
    assert len(addresses) == 3  # web pages, Postgres, mailbox
    assert {address.partition(":")[0] for address in addresses} == {"0100007F"}


def test_secrets_and_what_patients_may_be_in_are_closed_to_others(home):
    for path in home.folder.rglob("*"):
        if path.is_dir() and path.stat().st_mode & 0o007 == 0o001:
            continue  # the way through to Postgres's own files
        reachable = all(parent.stat().st_mode & 0o001 for parent in path.parents)
        assert not (reachable and path.stat().st_mode & 0o006), path
    assert (home.folder / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_each_role_logs_in_with_what_dsn_prints(home):
    for role in ("loader", "builder", "reader", "desk", "mailer"):
        with psycopg.connect(home.do("dsn", role).strip()) as connection:
            assert connection.execute("select current_user").fetchone() == (f"daysheet_{role}",)


def test_mail_is_kept_as_a_file(home):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "late", "a@b.example", "ops@b.example"
    message.set_content("a build is late")
    with smtplib.SMTP("127.0.0.1", home.deployment.settings.smtp_port) as client:
        client.send_message(message)
    (kept,) = Path(home.status()["mailbox"]).glob("*.eml")
    assert "a build is late" in kept.read_text()


def test_the_demo_ends_with_a_published_build_and_says_what_families_owe(home):
    shown = home.do("demo", "--patients", "40", "--years", "1")
    build = home.status()["current_build"]
    assert build is not None
    with psycopg.connect(home.do("dsn", "reader").strip()) as connection:
        (owed,) = connection.execute(
            "select sum(total_ar_balance) from reporting.int_ar_analysis_base"
            " where guarantor_id is not null"
        ).fetchone()
        (models,) = connection.execute("select count(*) from ops.build_model").fetchone()
    assert f"families owe  {owed:,.2f} on " in shown
    known = json.loads((home.deployment.home / "demo" / "known_totals.json").read_text())[
        "counseling"
    ]
    insurers_owe = Decimal(known["outstanding_claims_amount"])
    assert f"insurers owe  {insurers_owe:,.2f} for counseling" in shown
    assert "unclaimed " in shown
    assert shown.count(" built ") == models >= 17
    assert home.deployment.url in shown


def test_the_billing_desk_is_in_the_navigation_for_who_has_a_role_there(home):
    url, token = f"{home.deployment.url}/daysheet/", AirflowApi(home.deployment)._token
    assert opened(url)[0] == 401
    with psycopg.connect(home.do("dsn", "desk").strip(), autocommit=True) as connection:
        for active, status in ((False, 403), (True, 200)):
            connection.execute(
                "insert into desk.staff (user_id, display_code, desk_role, active)"
                " values ('admin', 'ADM', 'admin', %s)"
                " on conflict (user_id) do update set active = excluded.active",
                [active],
            )
            assert opened(url, Authorization=f"Bearer {token}")[0] == status
    page = opened(url, Cookie=f"_token={token}")
    assert page[0] == 200
    assert "<h1>" in page[1]
    assert opened(f"{url}static/desk.css")[0] == 401
    views = [view for each in AirflowApi(home.deployment).get("plugins")["plugins"]
             for view in each["external_views"]]  # fmt: skip
    assert {(view["destination"], view["href"]) for view in views} == {
        ("nav", "/daysheet/"),
        ("nav", "/daysheet/builds"),
        ("dag", "/daysheet/dags/{DAG_ID}"),
    }


def opened(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a page."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_other_settings_wait_until_it_is_down(home):
    before = home.pids()
    refused = home.run("up", DAYSHEET_TIMEZONE="America/Chicago")
    assert refused.returncode == 1
    assert "DAYSHEET_TIMEZONE" in refused.stderr
    assert "daysheet down" in refused.stderr
    assert home.pids() == before


@pytest.mark.parametrize("part", ["mailbox", "triggerer", "dag-processor", "api-server"])
def test_up_repairs_a_killed_part_and_leaves_the_others_alone(home, part):
    before = home.pids()
    home.kill(part)
    assert home.states()[part] == "ended"
    assert home.run("status").returncode == 1
    assert part in home.run("build").stderr  # a command that needs it says so
    home.do("up")
    after = home.pids()
    assert home.states() == dict.fromkeys(PARTS, "works")
    assert {name for name in PARTS if before[name] != after[name]} == {part}


def test_a_killed_scheduler_leaves_workers_that_up_ends(home):
    orphans = children(home.pids()["scheduler"])
    assert len(orphans) >= 4
    home.kill("scheduler")
    findings = json.loads(home.run("doctor", "--json").stdout)
    assert {"scheduler", "processes left over"} == {
        finding["about"] for finding in findings if finding["advice"]
    }
    home.do("up")
    assert not set(orphans) & set(home.processes())
    assert home.states() == dict.fromkeys(PARTS, "works")


def test_a_killed_postgres_comes_back_with_what_was_committed(home):
    kept = _audit(home)
    home.kill("postgres")
    home.do("up")
    assert _audit(home) == kept + 1
    assert home.states() == dict.fromkeys(PARTS, "works")


def test_doctor_finds_nothing_wrong(home):
    home.do("doctor")


def test_up_goes_on_after_a_reboot_though_process_ids_are_taken(home):
    login, kept = home.status()["login"], _audit(home)
    home.do("down")
    _forge_pid_files(home)
    home.do("up")  # and we, whom the stale files name, still run
    assert home.states() == dict.fromkeys(PARTS, "works")
    assert home.status()["login"] == login
    assert _audit(home) == kept + 1


@pytest.mark.parametrize("part", ["scheduler", "postgres"])
def test_down_after_a_kill_leaves_no_process(home, part):
    home.do("up")
    ports = _ports(home)
    home.kill(part)
    home.do("down")
    assert home.processes() == []
    assert all(is_free(port) for port in ports)
    assert home.states() == dict.fromkeys(PARTS, "ended")
    assert "nothing was running" in home.do("down")


def _audit(home: Home) -> int:
    """Commit one more row of ours; return how many there are."""
    with psycopg.connect(home.do("dsn", "loader").strip()) as connection:
        connection.execute("insert into ops.audit (actor, action, subject) values ('a', 'b', 'c')")
        (count,) = connection.execute("select count(*) from ops.audit where actor = 'a'").fetchone()
    return count


def _forge_pid_files(home: Home) -> None:
    """As after a reboot: every recorded process id is somebody else's by now, here our own."""
    for part in PARTS[1:]:
        record = f'{{"pid": {os.getpid()}, "started": 1, "boot": "another"}}'
        home.deployment.process_record(part).write_text(record)
    pid_file = home.deployment.server.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n{_ports(home)[0]}\n\n127.0.0.1\n")


def _ports(home: Home) -> list[int]:
    settings = home.deployment.settings
    return [settings.postgres_port, settings.smtp_port, settings.web_port]
