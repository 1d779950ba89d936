"""Airflow DAG: fees, insurance and payments, transaction by transaction."""

from daysheet.orchestration.assets import phase_asset
from daysheet.orchestration.phase_dag import phase_dag

dag = phase_dag(1, "phase_1_core_transactions", after=phase_asset("phase_0_foundation"))
