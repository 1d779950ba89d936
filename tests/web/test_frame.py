"""What all pages share: navigation, what was just done, lists and forms."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import Request

from daysheet.desk.reading.freshness import Freshness
from daysheet.desk.reading.receivables import Order
from daysheet.desk.refusals import Refused, not_possible
from daysheet.mail.outbox import Mail, put, tell_ops
from daysheet.web import wording
from daysheet.web.forms import Form, new_key
from daysheet.web.listing import listing
from daysheet.web.pages import SECTIONS, _environment
from tests.desk.conftest import TODAY
from tests.web.practice import MARKUP

USUAL = Order("age_days", is_descending=True)
COLUMNS = ("age_days", "amount")


def asked(query: str = "", known=("payer", "owner")):
    scope = {"type": "http", "path": "/aging", "query_string": query.encode(), "headers": []}
    return listing(Request(scope), COLUMNS, USUAL, known)


def shown(template: str, **values) -> str:
    macros = (
        '{% import "shown.html" as shown with context %}'
        '{% import "forms.html" as forms with context %}'
    )
    return _environment().from_string(macros + template).render(**values)


def test_the_navigation_leads_only_where_a_route_is(browser):
    assert set(SECTIONS) <= {route.path for route in browser.app.routes}
    said = browser.ask("viewer", "/").text
    assert '<a href="/daysheet/" aria-current="page">Dashboard</a>' in said
    assert '<a href="/daysheet/models">Models</a>' in said


def test_a_page_below_a_section_belongs_to_it(browser):
    said = browser.ask("viewer", "/claims/RS-2222222").text
    assert '<a href="/daysheet/claims" aria-current="page">Claims</a>' in said


def test_what_was_done_is_told_by_a_known_code_only(browser, monkeypatch):
    monkeypatch.setitem(wording.DONE, "posted", "The payment is posted.")
    assert "The payment is posted." in browser.ask("viewer", "/?done=posted").text
    assert "hacked" not in browser.ask("viewer", "/?done=hacked").text


def test_scripts_may_do_only_what_the_policy_allows(browser):
    said = browser.ask("viewer", "/").text
    for rule in ('"allowEval": false', '"selfRequestsOnly": true', '"historyCacheSize": 0'):
        assert rule in said
    assert "htmx" in browser.ask("viewer", "/static/htmx.min.js").text


@pytest.mark.parametrize(("days", "is_stale"), [(None, False), (8, False), (9, True)])
def test_a_report_is_overdue_after_eight_days(days, is_stale):
    reported = None if days is None else TODAY - timedelta(days=days)
    assert Freshness(TODAY, reported, None, None, None).is_stale is is_stale


@pytest.fixture(scope="module")
def old_report(staffed) -> None:
    """The only appointment status report of the module came ten days ago."""
    with staffed.open("loader") as db:
        db.execute(
            "insert into ops.file (source, table_name, file_name, sha256, bytes, mode, exported_on,"
            " state, rows_read, rows_inserted, received_at) values ('simplepractice',"
            " 'appointment_status', 'x.csv', 'x', 1, 'full', now()::timestamp, 'loaded', 1, 1, %s)",
            [TODAY - timedelta(days=10)],
        )


def test_every_page_says_that_the_newest_report_is_old(browser, old_report):
    assert "status report is of Nov 10, 2026" in browser.ask("viewer", "/").text


def test_a_list_keeps_its_filters_when_it_is_sorted_or_paged():
    found = asked("payer=Acme+%26+Sons&owner=&page=2&done=posted")
    assert found.filters == {"payer": "Acme & Sons"}
    assert (found.order, found.offset, found.last(101)) == (USUAL, 50, 3)
    assert found.page(3) == "/aging?payer=Acme+%26+Sons&page=3"
    assert found.sorted_by("amount") == "/aging?payer=Acme+%26+Sons&sort=amount"
    assert found.sorted_by("age_days") == "/aging?payer=Acme+%26+Sons&sort=age_days"
    assert asked("sort=amount").sorted_by("amount") == "/aging?sort=-amount"
    assert found.cleared == "/aging"
    assert found.narrowed(owner="biller") == "/aging?payer=Acme+%26+Sons&owner=biller"


@pytest.mark.parametrize(
    "query", ["sort=client_name", "page=0", "page=x", "page=9999999999", "size=201", "client=Ada"]
)
def test_a_list_refuses_what_it_does_not_know(query):
    with pytest.raises(Refused) as refused:
        asked(query)
    assert refused.value.status == 422


def test_a_heading_says_how_the_list_is_sorted():
    heads = '{{ shown.column("Age", "age_days", by) }}{{ shown.column("Due", "amount", by, true) }}'
    said = shown(heads, by=asked())
    assert 'aria-sort="descending"><a href="/aging?sort=age_days">Age</a>' in said
    assert '<th scope="col" class="number"><a href="/aging?sort=amount">Due</a>' in said


def test_a_list_says_why_it_is_empty():
    notice = "{% call shown.empty(by, count) %}<p>Drop a report.</p>{% endcall %}"
    assert "Drop a report." in shown(notice, by=asked(), count=0)
    assert "Clear filters" in shown(notice, by=asked("payer=x"), count=0)
    assert "ends at page 2" in shown(notice, by=asked("payer=x&page=9"), count=60)


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong():
    controls = (
        '{{ forms.problem(form) }}{{ forms.field(form, "amount", "Amount", value="5.00") }}'
        '{{ forms.text(form, "body", "Note") }}{{ forms.once(form) }}'
        '{{ forms.choice(form, "kind", "Kind", [("a", "A"), ("b", "B")], value="b") }}'
    )
    fresh = shown(controls, form=Form("pay"))
    assert 'value="5.00"' in fresh
    assert '<option value="b" selected>' in fresh
    assert "aria-invalid" not in fresh
    typed = {"amount": MARKUP, "body": MARKUP, "kind": "a", "idempotency_key": "k1"}
    again = shown(
        controls, form=Form("pay", typed, not_possible("bad", "not an amount", field="amount"))
    )
    assert MARKUP not in again
    assert again.count("&lt;script&gt;") == 2
    assert 'aria-invalid="true" aria-describedby="pay-amount-problem"' in again
    assert again.count("not an amount") == 2
    assert '<option value="a" selected>' in again
    assert 'value="k1"' in again
    assert new_key() != new_key()


def test_filters_work_without_a_script_and_keep_the_order():
    said = shown(
        '{% call forms.filters(by) %}{{ forms.filter_choice(by, "owner", "Owner", o) }}'
        '{{ forms.filter_field(by, "payer", "Payer") }}{% endcall %}',
        by=asked("owner=me&payer=x&sort=amount"),
        o=[("me", "mine")],
    )
    assert '<form class="filters" method="get"' in said
    assert '<input type="hidden" name="sort" value="amount">' in said
    assert '<option value="me" selected>mine</option>' in said
    assert 'href="/aging?sort=amount">Clear filters</a>' in said


def test_a_step_that_cannot_be_taken_back_is_asked_once_more():
    said = shown(
        '{% call forms.confirm("Void", "Void it?", "/claims/x/void") %}'
        "{{ forms.row_version(3) }}{% endcall %}"
    )
    assert '<form method="post" action="/claims/x/void">' in said
    assert '<input type="hidden" name="row_version" value="3">' in said
    assert said.index("Void it?") < said.index('type="submit">Void<')


def test_alert_counts_lead_to_the_queue():
    counts = SimpleNamespace(critical=2, warning=0, info=7)
    said = shown('{{ shown.alert_banner(counts, "/daysheet") }}', counts=counts)
    assert (
        '<a href="/daysheet/queue?whose=team&amp;severity=critical" class="pressing">2 critical</a>'
        in said
    )


def test_a_failed_mail_is_told_on_every_page_until_a_later_one_is_sent(browser, staffed):
    digest = {
        "recipient": "a@practice.example", "subject": "s", "text": "t", "html": "h",
        "staff_id": "lead", "digest_date": TODAY,
    }  # fmt: skip
    assert "Mail failed" not in browser.ask("viewer", "/").text
    with staffed.open() as db:
        put(db, Mail("digest", **digest), domains=())
    with staffed.open("mailer") as db:
        ops = tell_ops(db, "dag:x", "not plain", "s", "t", "h")
    for path in ("/", "/aging", "/builds"):
        said = " ".join(browser.ask("viewer", path).text.split())
        assert "1 person is without their digest, ops were not told of 1 matter." in said, path
        assert 'href="/dags/send_mail"' in said
    assert "Mail failed" not in browser.ask("stranger", "/builds").text
    with staffed.open() as db:
        later = put(
            db,
            Mail("digest", **digest | {"digest_date": TODAY + timedelta(days=1)}),
            domains=("practice.example",),
        )
    with staffed.open("mailer") as db:
        sent = "update ops.mail set state = 'sent', sent_at = now() where mail_id = %s"
        db.execute(sent, [later])
        said = browser.ask("viewer", "/").text
        assert "digest" not in said.partition("Mail failed")[2].partition("</p>")[0]
        db.execute(sent, [ops])
    assert "Mail failed" not in browser.ask("viewer", "/").text


def sections_of(answer) -> list[str]:
    """The words of the navigation."""
    nav = answer.text.partition("<header")[2].partition("</header>")[0]
    return re.findall(r"<a [^>]*>(\w+)</a>", nav)


@pytest.mark.parametrize(("path", "status"), [("/", 403), ("/builds", 200), ("/models", 200)])
def test_who_has_no_role_is_shown_what_is_open_and_whom_to_ask(browser, path, status):
    answer = browser.ask("stranger", path)
    assert answer.status_code == status
    assert sections_of(answer) == ["Builds", "Models"]
    assert answer.text.count("An admin of it can give you one") == 1


def test_who_has_a_role_sees_all_sections_everywhere(browser):
    for path in ("/", "/builds", "/models", "/claims/RS-2222222"):
        assert sections_of(browser.ask("viewer", path)) == list(SECTIONS.values()), path


def test_who_is_not_logged_in_is_shown_no_navigation(browser):
    answer = browser.ask(None, "/")
    assert answer.status_code == 401
    assert "<nav" not in answer.text


@pytest.mark.parametrize(
    ("path", "name"), [("/forgotten", "Dashboard"), ("/audit", "Settings"), ("/models/x", "Models")]
)
def test_every_page_marks_its_section(browser, path, name):
    said = browser.ask("admin", path).text
    assert f'aria-current="page">{name}</a>' in said.partition("</header>")[0]
