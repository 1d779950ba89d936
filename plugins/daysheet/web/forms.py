"""What was typed into a form and what is wrong with it, for a refused form to be shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe

from daysheet.desk.refusals import Refused


@dataclass(frozen=True)
class Form:
    """A form as it is shown; empty at first. ``name`` tells it from others on the same page."""

    name: str = "form"
    typed: Mapping[str, str] = field(default_factory=dict)
    refusal: Refused | None = None

    def id(self, name: str) -> str:
        """Of a control, unique on the page."""
        return f"{self.name}-{name}"

    def value(self, name: str, usual: object = "") -> str:
        """What was typed there, else what is usual; once it was sent, an empty field stays so."""
        if self.refusal or self.typed:
            return self.typed.get(name, "")
        return "" if usual is None else str(usual)

    def is_wrong(self, name: str) -> bool:
        """Whether that field was at fault."""
        return self.refusal is not None and self.refusal.field == name


def new_key() -> str:
    """An idempotency key of a form not sent yet."""
    return token_urlsafe(16)
