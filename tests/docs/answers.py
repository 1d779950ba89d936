"""Ask the questions of the analysts' guide of the demo's practice.

Run as a module (`python -m tests.docs.answers`), it writes the answers into the guide.
"""

import re
import sys
import tempfile
import textwrap
from pathlib import Path

import psycopg

from daysheet.dictionary.questions import GUIDE, Practice, Question, load_questions
from daysheet.synthetic import generate
from daysheet.warehouse import Role
from tests.bench.building import finish, new_build, run_engine
from tests.bench.stage import bench_warehouse, load_practice
from tests.conftest import Warehouse


def publish_practice(warehouse: Warehouse, practice: Practice, folder: Path) -> None:
    """Generate the practice, load it, build every model and publish."""
    generate(
        folder,
        patients=practice.patients,
        years=practice.years,
        until=practice.until,
        seed=practice.seed,
    )
    load_practice(warehouse, folder)
    build = new_build(warehouse, practice.until)
    run_engine(warehouse, build, 2)
    finish(warehouse, build)


def ask(warehouse: Warehouse, question: Question) -> list[list[str]]:
    """The answer as a reader gets it: header, then rows."""
    with psycopg.connect(warehouse.dsn(Role.READER)) as db:
        cursor = db.execute(question.sql)  # type: ignore[arg-type]
        header = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    return [header, *(["" if cell is None else str(cell) for cell in row] for row in rows)]


def write_answers(answers: list[list[list[str]]]) -> None:
    """Put the answers in the place of those that the guide has."""
    texts = iter(textwrap.indent("\n".join(map(" | ".join, one)), "    ") for one in answers)
    guide = re.sub(
        r"(?<=  answer: \|\n)(?:    .*\n)+", lambda _: f"{next(texts)}\n", GUIDE.read_text()
    )
    GUIDE.write_text(guide)


def main() -> None:
    guide = load_questions()
    with bench_warehouse() as warehouse, tempfile.TemporaryDirectory() as folder:
        publish_practice(warehouse, guide.practice, Path(folder))
        write_answers([ask(warehouse, question) for question in guide.questions])
    print(f"{len(guide.questions)} answers written", file=sys.stderr)


if __name__ == "__main__":
    main()
