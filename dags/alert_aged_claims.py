"""Airflow DAG: bring alerts up to date each business morning and mail who has to know."""

from daysheet.orchestration.alert_dag import alert_dag

dag = alert_dag("alert_aged_claims")
