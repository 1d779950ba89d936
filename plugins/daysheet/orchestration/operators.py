"""One task per model: :class:`PostgresModelOperator`."""

from typing import Any, ClassVar

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from daysheet.builds.opening import BuildRefused
from daysheet.builds.versions import ChecksFailed, make_model, rendered_sql
from daysheet.catalog import CatalogError, Model
from daysheet.orchestration.assets import model_asset
from daysheet.orchestration.connections import dsn
from daysheet.warehouse import DatabaseFault, Role

TAKE_BUILD = "take_build"  # the task of each phase whose result is the build's number


class PostgresModelOperator(SQLExecuteQueryOperator):
    """Make one model of the build this run works on.

    ``sql`` is the model's template until the task runs, then the whole statement, so that the UI
    shows what was executed. A failing check, a bad template or a refused build is not retried;
    a lost connection or lock is.
    """

    template_fields = ("sql", "build")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}

    def __init__(self, *, model: Model, **kwargs: Any) -> None:
        kwargs.setdefault("conn_id", f"daysheet_{Role.BUILDER}")
        kwargs.setdefault("outlets", [model_asset(model.name)])
        super().__init__(sql=model.sql, **kwargs)
        self.model = model.name
        self.build: int | None = None

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render with the project's own templates: what Airflow's context holds is no input."""
        self.build = int(context["ti"].xcom_pull(task_ids=TAKE_BUILD))
        try:
            self.sql = rendered_sql(dsn(Role.BUILDER), self.build, self.model)
        except (CatalogError, BuildRefused) as error:
            raise AirflowFailException(f"{self.model}: {error}") from None

    def execute(self, context: Context) -> dict[str, Any]:
        """Link, build or inherit the model; returns counts and names, no rows."""
        assert self.build is not None
        try:
            outcome = make_model(dsn(Role.BUILDER), self.build, self.model)
        except (ChecksFailed, BuildRefused) as refusal:
            raise AirflowFailException(str(refusal)) from None
        except DatabaseFault as fault:
            if fault.is_retryable:
                raise
            raise AirflowFailException(f"{self.model}: {fault}") from None
        self.log.info(
            "%s: %s %s rows in %s s", self.model, outcome.action, outcome.row_count, outcome.seconds
        )
        for check, failing in outcome.warnings.items():
            self.log.warning("%s: %s: %s rows", self.model, check, failing)
        return {
            "action": outcome.action,
            "rows": outcome.row_count,
            "seconds": outcome.seconds,
            "fingerprint": outcome.fingerprint,
            "warnings": outcome.warnings,
        }
