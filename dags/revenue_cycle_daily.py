"""Airflow DAG: bring the desk up to its day, after each publish and each morning."""

from daysheet.orchestration.revenue_cycle_dag import revenue_cycle_dag

dag = revenue_cycle_dag("revenue_cycle_daily")
