"""The models for ops and analysts: what each number means, where it is from, when it was made."""

from functools import cache
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from daysheet.builds.history import model_tasks, shown_version, times_of_model, version_checks
from daysheet.catalog import load_catalog
from daysheet.desk.published import published
from daysheet.desk.reading.freshness import freshness
from daysheet.desk.refusals import Refused
from daysheet.dictionary import Dictionary, compile_dictionary
from daysheet.graph import load_graph
from daysheet.settings import PROJECT
from daysheet.web.guards import FOR_ANYBODY, ReaderSession
from daysheet.web.pages import page

router = APIRouter(dependencies=FOR_ANYBODY)
_LAST = 10  # builds whose times a model's page tells


@router.get("/models")
def models(request: Request, connection: ReaderSession) -> HTMLResponse:
    """Every model by its system, as the published build has it."""
    known = sorted(
        load_catalog().models.values(),
        key=lambda model: (model.phase, model.system.name, model.name),
    )
    with published(connection) as reader:
        made = model_tasks(connection, reader.build) if reader.build else []
        return page(
            request,
            "models",
            systems=[(system, list(of)) for system, of in groupby(known, lambda one: one.system)],
            made={one.model: one for one in made},
            fresh=freshness(reader),
        )


@router.get("/models/{name}")
def model(request: Request, name: str, connection: ReaderSession) -> HTMLResponse:
    """One model: what it means column by column, its SQL as it was run, its last times."""
    if name not in load_catalog().models:
        raise Refused(404, "unknown", "there is no such model")
    entry = dictionary().models[name]
    with published(connection) as reader:
        version = shown_version(connection, reader.build, name) if reader.build else None
        return page(
            request,
            "model",
            entry=entry,
            model=entry.model,
            version=version,
            checks=version_checks(connection, version) if version else [],
            times=times_of_model(connection, name, _LAST),
            task=f"/dags/{_phase_dag(entry.model.phase)}/tasks/{name}",
            fresh=freshness(reader),
        )


@cache
def dictionary() -> Dictionary:
    """Read once in the life of the server: the files it is read from change with the code only."""
    return compile_dictionary(load_catalog(), load_graph())


@cache
def _phase_dag(phase: int) -> str:
    """A phase's DAG is named like its file."""
    (path,) = (PROJECT / "dags").glob(f"phase_{phase}_*.py")
    return path.stem
