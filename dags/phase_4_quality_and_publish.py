"""Airflow DAG: check the build as a whole and publish it, the last phase."""

from daysheet.orchestration.assets import phase_asset
from daysheet.orchestration.publish_dag import publish_dag

dag = publish_dag("phase_4_quality_and_publish", after=phase_asset("phase_3_operations"))
