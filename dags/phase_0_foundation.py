"""Airflow DAG: who and what the practice is made of, the first phase of a build."""

from daysheet.orchestration.assets import BUILD
from daysheet.orchestration.phase_dag import phase_dag

dag = phase_dag(0, "phase_0_foundation", after=BUILD)
