"""The tab on a DAG's page in Airflow: where what this DAG does can be looked at."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from daysheet.web.pages import see_other

router = APIRouter()

_SHOWN_AT = {
    "alert_aged_claims": "/queue",
    "ingest_csv_drops": "/imports",
    "phase_0_foundation": "/models",
    "phase_1_core_transactions": "/models",
    "phase_2_analysis_and_metrics": "/models",
    "phase_3_operations": "/models",
    "revenue_cycle_daily": "/",
}


@router.get("/dags/{dag_id}")
def dag_tab(request: Request, dag_id: str) -> RedirectResponse:
    """Lead on to the page; a DAG that has none of its own leads to the builds."""
    return see_other(request, _SHOWN_AT.get(dag_id, "/builds"))
