"""Airflow DAG: bring dropped CSV files into the warehouse and open a build on them."""

from daysheet.orchestration.ingest import ingest_dag

dag = ingest_dag("ingest_csv_drops")
