"""Airflow DAG: say at six that the practice's day has begun."""

from daysheet.orchestration.revenue_cycle_dag import morning_dag

dag = morning_dag("morning")
