"""Templates of mail: HTML escapes what it is given, text does not, and nothing may be missing."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from daysheet.mail.templates import Body, render

NAME = 'A & B <script>"x"</script>'


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "templates" / "email"
    folder.mkdir(parents=True)
    (folder / "told.txt").write_text("{% if name %}\n{{ name }}\n{% endif %}\n")
    (folder / "told.html").write_text('<p title="{{ name }}">{{ name }}</p>\n')
    return tmp_path


def test_html_is_escaped_and_text_is_not(root):
    escaped = "A &amp; B &lt;script&gt;&#34;x&#34;&lt;/script&gt;"
    assert render("told", root, name=NAME) == Body(
        subject="", text=f"{NAME}\n", html=f'<p title="{escaped}">{escaped}</p>\n'
    )


def test_a_subject_has_a_template_of_its_own_if_it_needs_one(root):
    (root / "templates" / "email" / "told.subject.txt").write_text("{{ name }} waits\n")
    assert render("told", root, name=NAME).subject == f"{NAME} waits"


def test_a_value_that_is_missing_is_an_error_and_no_gap(root):
    with pytest.raises(UndefinedError):
        render("told", root)
