"""Airflow DAG: open a build every morning, so that ages move on days without drops."""

from daysheet.orchestration.open_build_dag import open_build_dag

dag = open_build_dag("open_build")
