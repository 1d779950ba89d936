"""Where the pages are that mails link to."""

from urllib.parse import quote

from airflow.sdk.configuration import conf


def ui_url() -> str:
    """Airflow's pages as people reach them, without a slash at the end."""
    return conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")


def run_url(dag_id: str, run_id: str) -> str:
    """The page of one run."""
    return f"{ui_url()}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
