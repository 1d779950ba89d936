"""Assets that chain the DAGs; their partition key is the build."""

from airflow.sdk import Asset

BUILD = Asset(name="build", uri="daysheet://build")


def phase_asset(dag_id: str) -> Asset:
    """What a phase emits when all its models are in the build."""
    return Asset(name=dag_id, uri=f"daysheet://phase/{dag_id}")


def model_asset(model: str) -> Asset:
    """One model, for lineage on the Assets page."""
    return Asset(name=model, uri=f"daysheet://model/{model}")


PUBLISHED = Asset(name="published", uri="daysheet://published")

# A morning at the practice; its partition is the date.
DAY = Asset(name="day", uri="daysheet://day")
