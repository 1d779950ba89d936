"""The clock of DAGs that run by the time of day: the practice's."""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable

from daysheet.settings import get_settings


def practice_clock(cron: str) -> CronTriggerTimetable:
    """At these times in the practice's time zone, first when one of them comes.

    Without ``run_immediately`` Airflow begins a new deployment with the time just past, if that
    was within a tenth of the interval: one brought up at seven would build what five had.
    """
    zone = get_settings().timezone
    return CronTriggerTimetable(cron, timezone=zone, run_immediately=timedelta(0))
