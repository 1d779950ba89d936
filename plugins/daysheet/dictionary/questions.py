"""The questions of the guide for analysts: each a query on the published build, and its answer.

The answers are those of the demo's practice pinned to one day; a test asks every question again.
"""

from datetime import date

from daysheet.catalog.documents import Document, parse, read_yaml
from daysheet.settings import PROJECT

GUIDE = PROJECT / "templates" / "docs" / "analysts.yml"


class Practice(Document):
    """Which invented practice the answers are of (the options of ``daysheet demo``)."""

    patients: int
    years: int
    seed: int
    until: date


class Question(Document):
    """One question. ``answer`` is a table as text, its columns parted by bars."""

    ask: str
    because: str  # what a reader should know about the answer
    sql: str
    answer: str

    @property
    def rows(self) -> list[list[str]]:
        """The answer's header and rows."""
        return [
            [cell.strip() for cell in line.split("|")] for line in self.answer.strip().splitlines()
        ]


class Questions(Document):
    """All of them."""

    practice: Practice
    questions: tuple[Question, ...]


def load_questions() -> Questions:
    """Read the guide's source."""
    return parse(Questions, GUIDE, read_yaml(GUIDE))
