"""Airflow DAG: receivables, collections and communications."""

from daysheet.orchestration.assets import phase_asset
from daysheet.orchestration.phase_dag import phase_dag

dag = phase_dag(2, "phase_2_analysis_and_metrics", after=phase_asset("phase_1_core_transactions"))
