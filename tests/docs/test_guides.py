"""The guides tell what happens: every question is asked again, every message is one of ours."""

import html
import inspect
import re
import shlex

import psycopg
import pytest
import sqlglot
from sqlglot import exp
from typer.main import get_command

from daysheet.builds.versions import ChecksFailed, make_model
from daysheet.catalog import load_catalog
from daysheet.cli import app
from daysheet.cli.demo import demo
from daysheet.dictionary import compile_dictionary, write_pages
from daysheet.dictionary.questions import load_questions
from daysheet.graph import load_graph
from tests.builds.conftest import new_build, practice, project  # noqa: F401  fixtures
from tests.docs.answers import ask, publish_practice
from tests.house.repository import models
from tests.ingest.deliveries import Deliveries, groups

GUIDE = load_questions()
QUESTIONS = list(enumerate(GUIDE.questions, start=1))


@pytest.fixture(scope="module")
def published(shared_warehouse, tmp_path_factory):
    publish_practice(shared_warehouse, GUIDE.practice, tmp_path_factory.mktemp("practice"))
    return shared_warehouse


def asked(question) -> set[str]:
    """The models a question reads."""
    tables = sqlglot.parse_one(question.sql, dialect="postgres").find_all(exp.Table)
    return {table.name for table in tables if table.db == "reporting"}


def test_there_are_ten_questions_over_every_kind_of_system():
    assert len(GUIDE.questions) == 10
    named = set().union(*(asked(question) for question in GUIDE.questions))
    assert named <= set(models())
    assert len({models()[name].system.name for name in named}) >= 7


def test_the_practice_of_the_answers_is_the_demos():
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(demo).parameters.items()
    }
    assert defaults == GUIDE.practice.model_dump(exclude={"until"})


@pytest.mark.parametrize(("number", "question"), QUESTIONS, ids=lambda one: str(one)[:2].strip())
def test_an_answer_of_the_guide_is_the_practices(published, number, question):
    assert ask(published, question) == question.rows, (
        f"question {number}: run `python -m tests.docs.answers` if it is the answer that is old"
    )


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The guide for operations: what it has one run, and what it says is printed."""
    folder = tmp_path_factory.mktemp("site")
    write_pages(compile_dictionary(load_catalog(), load_graph()), folder)
    text = (folder / "operations.html").read_text()
    found = re.findall(r'<pre class="(run|says)">(.*?)</pre>', text, re.DOTALL)
    return {
        kind: [html.unescape(body).strip() for each, body in found if each == kind]
        for kind in ("run", "says")
    }


def test_every_command_of_the_night_is_there_with_its_options(night):
    commands = get_command(app).commands
    lines = [shlex.split(line) for line in night["run"] if line.startswith("daysheet ")]
    assert len(lines) >= 8
    for _, name, *arguments in lines:
        options = {option for part in commands[name].params for option in part.opts}
        assert {each for each in arguments if each.startswith("-")} <= options, name


def test_every_query_of_the_night_runs(night, warehouse):
    queries = [line for line in night["run"] if line.startswith("select ")]
    assert len(queries) >= 5
    assert len(queries) + len([1 for line in night["run"] if line.startswith("daysheet ")]) == len(
        night["run"]
    )
    with psycopg.connect(warehouse.dsn("reader")) as db:
        for query in queries:
            db.execute(query)


def test_what_is_said_of_files_is_what_ingest_says(night, warehouse, tmp_path):
    drops = Deliveries(warehouse, tmp_path)
    people = [(number, "x") for number in range(1, 201)]
    drops.drop_folder("a", {"usergroup.csv": groups(*people)}, mode="full")
    drops.run()
    drops.drop_folder("b", {"usergroup.csv": groups(*people[:60])}, mode="full")
    drops.drop_folder(
        "c", {"userod.csv": "UserNum\n1\n"}, listed={"userod.csv": {"sha256": "0" * 64}}
    )
    drops.drop("usergroup_2199-01-01.csv", groups((1, "x"))[:-2])
    drops.run()
    problems = {problem for (problem,) in drops.query("select problem from ops.file") if problem}
    for start in ("sha256_differs", "closes_too_many"):
        (told,) = [text for text in night["says"] if text.startswith(start)]
        assert told in problems
    cut = groups((1, "x"), (2, "y")).removesuffix(",y\n")
    drops.drop("usergroup.csv", cut)
    (outcome,) = drops.run()
    assert outcome.state in night["says"]
    drops.drop_folder(
        "d", {"usergroup.csv": groups(*people[:60])}, mode="full", exported_on="2020-01-01"
    )
    (outcome,) = drops.run()
    assert set(outcome.report.warnings) <= set(night["says"])
    assert outcome.report.warnings


def test_what_is_said_of_a_red_model_is_what_its_task_says(night, project, practice):  # noqa: F811
    project.write("one/int_names.sql", """
        select 1 as provider_id, abbr as provider_label
        from {{ source('opendental', 'provider') }}
        """)  # fmt: skip
    project.reload()
    with pytest.raises(ChecksFailed) as failed:
        make_model(practice.dsn("builder"), new_build(practice).build, "int_names")
    told = [text.replace("int_claim_tracking", "int_names") for text in night["says"]]
    assert str(failed.value) in [text.replace("(58)", "(1)") for text in told]
