"""What the scheduler imports once, so that tasks, forked from it, need not import it each time.

Our own modules are not among it: a change in them counts from the next task on, and a mistake in
them stops a DAG, not the scheduler.
"""

# ruff: noqa: F401

import airflow.dag_processing.bundles.local
import airflow.dag_processing.dagbag
import airflow.providers.common.sql.operators.sql
import airflow.providers.postgres.hooks.postgres
import airflow.providers.smtp.hooks.smtp
import airflow.providers.standard.operators.python
import airflow.sdk.execution_time.supervisor
import airflow.sdk.execution_time.task_runner
import pydantic_settings
import sqlglot
