"""What the scheduler imports once, so that tasks, forked from it, need not import it each time."""

import airflow.dag_processing.bundles.local
import airflow.dag_processing.dagbag
import airflow.providers.common.sql.operators.sql
import airflow.providers.postgres.hooks.postgres
import airflow.providers.smtp.notifications.smtp
import airflow.providers.standard.operators.python
import airflow.sdk.execution_time.supervisor
import airflow.sdk.execution_time.task_runner  # noqa: F401
