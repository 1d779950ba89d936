"""Who saw a client, and who may ask."""

import re
from html import unescape
from uuid import uuid4

import pytest

from daysheet.desk.actors import staff_member
from daysheet.desk.viewing import record_export, record_view
from tests.desk import invented
from tests.web.practice import CLIENT, MARKUP, claim, client

NAMES = iter(f"Zed Invented{number:02d}" for number in range(90))


@pytest.fixture
def db(staffed):
    with staffed.open() as connection:
        yield connection


@pytest.fixture
def person(db):
    """A client nobody looked at yet, with one session: key, name and reference."""
    name = next(NAMES)
    (key,) = db.execute(
        "insert into desk.clients (client_key, full_name, initials)"
        " values (sha256(%s), %s, 'ZI') returning client_id",
        [name.encode(), name],
    ).fetchone()
    claim_ref, (reference,) = claim(db, {"client_id": key})
    return key, name, reference, claim_ref


def text(answer) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.text).split()))


def looks(answer) -> list[str]:
    """The rows below "Each look", without the times."""
    rows = answer.text.partition('id="looks"')[2].partition("</tbody>")[0].split("<tr>")[2:]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)[1:] for row in rows]
    return [unescape(" | ".join(re.sub(r"<[^>]*>", "", cell).strip() for cell in row))
            for row in cells]  # fmt: skip


def test_every_look_and_export_is_listed_the_newest_first(browser, db, person):
    key, name, reference, claim_ref = person
    other = client(db)
    browser.ask("viewer", f"/claims/{reference}")
    browser.ask("lead", f"/claims/{claim_ref}")
    biller = staff_member(db, "biller")
    record_view(db, biller, "/payments", [other, key], "names")
    record_view(db, biller, "/payments", [other], "names")
    record_export(db, biller, "aging", [key, other], reason=f"audit {MARKUP}", shown="names")
    answer = browser.ask("admin", f"/audit?reference={reference}")
    assert answer.status_code == 200
    assert looks(answer) == [
        f"BI | export aging | names | audit {MARKUP}",
        "BI | /payments | names | —",
        f"LE | {claim_ref} | everything | —",
        f"VI | {reference} | initials | —",
    ]
    assert name in answer.text
    assert MARKUP not in answer.text
    said = text(answer)
    assert re.search(r"BI 1 1 names .* LE 1 0 everything .* VI 1 0 initials", said)
    again = browser.ask("admin", f"/audit?reference={claim_ref.lower()}%20")
    assert looks(again)[0] == f"AD | /audit {reference} | names | —"
    assert len(looks(again)) == 5


def test_looks_from_before_clients_were_noted_are_found_by_reference(browser, db, person):
    _, _, reference, claim_ref = person
    for subject in (reference, claim_ref, "RS-2222222"):
        db.execute(
            "insert into ops.audit (actor, action, subject, detail)"
            " values ('gone', 'viewed', %s, '{\"shown\": \"everything\"}')",
            [subject],
        )
    assert looks(browser.ask("admin", f"/audit?reference={reference}")) == [
        f"gone | {claim_ref} | everything | —", f"gone | {reference} | everything | —",
    ]  # fmt: skip


def test_other_rows_of_the_audit_are_no_looks(browser, db, person):
    key, _, reference, _ = person
    db.execute(
        "insert into ops.audit (actor, action, subject, detail)"
        " values ('lead', 'assign work', %s, jsonb_build_object('clients', array[%s]))",
        [reference, str(key)],
    )
    answer = browser.ask("admin", f"/audit?reference={reference}")
    assert looks(answer) == []
    assert "Nobody has looked yet." in answer.text


def test_a_name_leads_to_its_client_and_is_in_no_url(browser, db, person):
    key, name, reference, _ = person
    for typed in (name, f"  {name.upper()} ", name.split()[1].lower()):
        answer = browser.send("admin", "/audit", {"name": typed})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/daysheet/audit?reference={reference}"
    kept = db.execute(
        "select actor, detail from ops.audit where subject = '/audit' order by audit_id desc"
    ).fetchone()
    assert kept == ("admin", {"shown": "names", "clients": [str(key)]})


def test_several_of_a_name_are_offered(browser, db, person):
    for number in range(25):
        name = f"Many {uuid4().hex}{number} {MARKUP}"
        (key,) = db.execute(
            "insert into desk.clients (client_key, full_name, initials)"
            " values (sha256(%s), %s, 'M') returning client_id", [name.encode(), name],
        ).fetchone()  # fmt: skip
        invented.sessions(db, [{"client_id": key}])
    answer = browser.send("admin", "/audit", {"name": "many"})
    assert answer.status_code == 200
    assert answer.text.count('<li><a href="/daysheet/audit?reference=RS-') == 20
    assert "There are more" in answer.text
    assert MARKUP not in answer.text


@pytest.mark.parametrize("typed", ["%", "nobody at all", "_____", "' or 1=1 --"])
def test_a_name_nobody_has_is_kept_in_the_form(browser, person, typed):
    answer = browser.send("admin", "/audit", {"name": typed})
    assert answer.status_code == (404 if len(typed) > 1 else 422)
    assert f'value="{typed}"' in unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text


def test_markup_in_a_name_is_text(browser, db):
    claim(db, {})
    answer = browser.send("admin", "/audit", {"name": CLIENT[:12]})
    shown = browser.ask("admin", answer.headers["location"].removeprefix("/daysheet"))
    assert "<b>Example" not in shown.text
    assert CLIENT in unescape(shown.text)


@pytest.mark.parametrize("odd", ["RS-2222222", "RC-2222222", "DC-2222222", "x", "%27", "%00"])
def test_a_reference_of_nobody_is_said_beside_the_field(browser, db, odd):
    newest = db.execute("select coalesce(max(audit_id), 0) from ops.audit").fetchone()
    answer = browser.ask("admin", f"/audit?reference={odd}")
    if odd == "%00":  # nothing that anybody typed
        assert answer.status_code == 200
    else:
        assert answer.status_code == 404
        assert "no client is known by this reference" in answer.text
    after = db.execute("select coalesce(max(audit_id), 0) from ops.audit").fetchone()
    assert after == newest


@pytest.mark.parametrize("role", ["viewer", "biller", "lead"])
def test_nobody_but_an_admin_learns_anything(browser, person, role):
    _, name, reference, _ = person
    for answer in (
        browser.ask(role, f"/audit?reference={reference}"),
        browser.ask(role, "/audit?reference=RS-2222222"),
        browser.send(role, "/audit", {"name": name}),
        browser.send(role, "/audit", {"name": "nobody at all"}),
    ):
        assert answer.status_code == 403
        assert "seeing who saw a client needs the role admin" in answer.text
        assert name not in answer.text


def test_many_looks_have_pages(browser, db, person):
    key, _, reference, _ = person
    biller = staff_member(db, "biller")
    with db.transaction():
        for number in range(60):
            record_view(db, biller, f"page {number}", [key], "names")
    first = browser.ask("admin", f"/audit?reference={reference}")
    assert len(looks(first)) == 50
    second = browser.ask("admin", f"/audit?reference={reference}&page=2")
    assert len(looks(second)) == 11
    assert looks(second)[-1] == "BI | page 0 | names | —"


def test_nothing_is_shown_that_cannot_be_kept(browser, db, person, monkeypatch):
    _, name, reference, _ = person

    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr("daysheet.web.audit.record_view", fail)
    for answer in (
        browser.ask("admin", f"/audit?reference={reference}"),
        browser.send("admin", "/audit", {"name": name}),
    ):
        assert answer.status_code == 500
        assert name not in answer.text


def test_one_client_is_found_among_many_by_index(db, person):
    with db.transaction(force_rollback=True):
        db.execute(
            "insert into ops.audit (actor, action, subject, detail) select 'a', 'viewed', 'x',"
            " jsonb_build_object('clients', array[gen_random_uuid()]) from generate_series(1, 9000)"
        )
        db.execute("set local enable_seqscan = off")
        plan = db.execute(
            "explain select from ops.audit where action in ('viewed', 'exported') and"
            " (detail -> 'clients' @> %s::jsonb or detail -> 'clients' is null and"
            " subject = any(%s))", [f'["{person[0]}"]', ["RS-2222222"]],
        ).fetchall()  # fmt: skip
    told = "\n".join(line for (line,) in plan)
    assert "audit_by_client" in told
    assert "audit_by_subject" in told
