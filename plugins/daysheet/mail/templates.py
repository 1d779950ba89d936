"""What mails say: the templates below ``templates/email``, filled in."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from daysheet.settings import PROJECT


@dataclass(frozen=True)
class Body:
    """One mail's words; the subject is empty if there is no template of it."""

    subject: str
    text: str
    html: str


@cache
def _environment(root: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(root / "templates" / "email"),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, root: Path = PROJECT, /, **values: object) -> Body:
    """Fill in ``<name>.txt`` and ``<name>.html``, and ``<name>.subject.txt`` if there is one.

    HTML is escaped, text is not; a name that no value has is an error.
    """
    environment = _environment(root)
    subject = f"{name}.subject.txt"
    return Body(
        subject=environment.get_template(subject).render(values).strip()
        if subject in environment.list_templates()
        else "",
        text=environment.get_template(f"{name}.txt").render(values),
        html=environment.get_template(f"{name}.html").render(values),
    )
