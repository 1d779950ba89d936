"""Code that changes under a build: a version stays what its fingerprint says, or is refused."""

import psycopg
import pytest

from daysheet.builds import schemas
from daysheet.builds.opening import BuildRefused, open_by_hand, take_build
from daysheet.builds.publishing import PublishBlocked, check_build
from daysheet.builds.versions import inherit_phases, make_model, rendered_sql
from daysheet.catalog import load_contract
from tests.builds.conftest import OWNER, new_build
from tests.builds.test_versions import make_all, publish_all, rows

LOUDER = (
    "select provider_id, abbr || '!' as provider_label from {{ source('opendental', 'provider') }}"
)


def labels(warehouse, build, model="int_aged"):
    found = rows(
        warehouse, f"select provider_label from build_{build.build}.{model} order by 1", "builder"
    )
    return [row[0] for row in found]


def by_hand(warehouse, phase=1, models=None, **options):
    with psycopg.connect(warehouse.dsn("builder"), autocommit=True) as db:
        options = {"as_of": None, "base": None, "forced": False, "opened_by": "hand"} | options
        opened = open_by_hand(db, phase=phase, models=models, **options)
        take_build(db, opened.build, OWNER)
    inherit_phases(warehouse.dsn("builder"), opened.build)
    return opened


def test_a_model_is_never_kept_as_made_of_code_it_was_not_made_of(labelled, practice):
    mixed = new_build(practice)
    make_model(practice.dsn("builder"), mixed.build, "int_names")
    labelled.write("one/int_names.sql", LOUDER)
    labelled.reload()
    make_model(practice.dsn("builder"), mixed.build, "int_aged")
    assert labels(practice, mixed) == ["DOC", "HYG"]
    build, actions, _ = publish_all(practice)
    assert actions == {"int_names": "built", "int_aged": "built"}
    assert labels(practice, build) == ["DOC!", "HYG!"]


def test_a_build_of_two_versions_of_one_model_is_not_published(labelled, practice):
    build = new_build(practice)
    make_all(practice, build)
    labelled.write("one/int_names.sql", LOUDER)
    labelled.reload()
    make_model(practice.dsn("builder"), build.build, "int_names")
    with pytest.raises(PublishBlocked, match="int_aged of another int_names"):
        check_build(practice.dsn("builder"), build.build)
    make_model(practice.dsn("builder"), build.build, "int_aged")
    assert check_build(practice.dsn("builder"), build.build) == {}


def test_a_model_waits_for_what_it_reads(project, practice):
    build = new_build(practice)
    with pytest.raises(BuildRefused, match="reads int_names, which build 1 does not have yet"):
        make_model(practice.dsn("builder"), build.build, "int_aged")


def test_staging_follows_a_contract_that_was_mended_under_the_build(project, practice, monkeypatch):
    build = new_build(practice)
    make_model(practice.dsn("builder"), build.build, "int_names")
    told = load_contract("opendental", "provider")
    mended = told.model_copy(update={"names": {**told.names, "Abbr": "short_name"}})
    for module in (schemas, "daysheet.builds.plan"):
        target = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(
            f"{target}.load_contract",
            lambda source, table: mended if table == "provider" else load_contract(source, table),
        )
    project.write("one/int_names.sql", LOUDER.replace("abbr", "short_name"))
    project.reload()
    assert make_model(practice.dsn("builder"), build.build, "int_names").action == "built"
    assert labels(practice, build, "int_names") == ["DOC!", "HYG!"]


def test_what_is_inherited_is_shown_as_it_was_whatever_the_code_says_now(project, practice):
    publish_all(practice)
    project.write(
        "one/int_names.sql",
        "select provider_id, abbr as provider_label, 1 as added"
        " from {{ source('opendental', 'provider') }}",
    )
    project.write(
        "one/int_names.yml",
        """
        description: Providers.
        type: foundation
        grain: [provider_id]
        columns:
          provider_id: {checks: [not_null]}
          provider_label: {}
          added: {checks: [{at_least: 2}]}
        """,
    )
    project.reload()
    build = by_hand(practice)
    assert labels(practice, build, "int_names") == ["DOC", "HYG"]
    assert "taken over" in rendered_sql(practice.dsn("builder"), build.build, "int_names")
    make_model(practice.dsn("builder"), build.build, "int_aged")
    assert check_build(practice.dsn("builder"), build.build) == {}


def test_a_subset_takes_along_what_reads_it_in_the_same_phase(labelled, practice):
    labelled.write("two/_system.yml", "title: T\npurpose: P.\nowner: o\nphase: 0\nreads: [one]")
    labelled.reload()
    publish_all(practice)
    labelled.write("one/int_names.sql", LOUDER)
    labelled.reload()
    build = by_hand(practice, phase=0, models=["int_names"])
    assert make_all(practice, build) == {"int_names": "built", "int_aged": "built"}
    only_last = by_hand(practice, phase=0, models=["int_aged"], opened_by="again")
    assert make_all(practice, only_last) == {"int_names": "inherited", "int_aged": "linked"}


def test_options_for_a_failed_build_open_another_from_its_inputs(project, practice):
    failed = new_build(practice)
    make_model(practice.dsn("builder"), failed.build, "int_names")
    with psycopg.connect(practice.admin) as db:
        db.execute("update ops.build set state = 'failed'")
    mended = by_hand(practice, phase=0, base=failed.build, forced=True)
    assert (mended.build, mended.forced) == (failed.build + 1, True)
    goes_on = by_hand(practice, phase=0, base=failed.build, opened_by="again")
    assert goes_on.build == failed.build
