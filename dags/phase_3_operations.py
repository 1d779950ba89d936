"""Airflow DAG: scheduling and tasks, and the journeys across all systems."""

from daysheet.orchestration.assets import phase_asset
from daysheet.orchestration.phase_dag import phase_dag

dag = phase_dag(3, "phase_3_operations", after=phase_asset("phase_2_analysis_and_metrics"))
