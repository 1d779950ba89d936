"""Airflow DAG: drop builds and versions that nobody reads any more."""

from daysheet.orchestration.housekeeping_dag import housekeeping_dag

dag = housekeeping_dag("housekeeping")
