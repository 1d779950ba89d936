"""Mail to ops when something fails: what, where, the link; never an exception's text."""

from datetime import timedelta

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference

from daysheet.settings import get_settings

_SUBJECT = "[daysheet] {{ dag.dag_id }} failed"
_BODY = """\
<p>The run <b>{{ run_id }}</b> of <b>{{ dag.dag_id }}</b> failed{% if ti is defined %} at task
<b>{{ ti.task_id }}</b>{% endif %}.</p>
<p>What it means: the build that is published stays as it is; readers see no change.</p>
<p>What to do: open the run in Airflow, read the log of the red task, mend the cause and clear
the task. Nothing is loaded or published twice by a rerun.</p>
{% if ti is defined %}<p><a href="{{ ti.log_url }}">Log of the task</a></p>{% endif %}
"""


def tell_ops() -> SmtpNotifier:
    """A callback for ``on_failure_callback`` that mails ops."""
    return SmtpNotifier(
        smtp_conn_id="smtp_default",
        to=get_settings().ops_email,
        subject=_SUBJECT,
        html_content=_BODY,
    )


def late_after(limit: timedelta) -> DeadlineAlert:
    """Mail ops when a run is still not done ``limit`` after it was queued."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=limit,
        callback=AsyncCallback(
            SmtpNotifier,
            kwargs={
                "smtp_conn_id": "smtp_default",
                "to": get_settings().ops_email,
                "subject": "[daysheet] {{ dag_run.dag_id }} is late",
                "html_content": f"<p>The run <b>{{{{ dag_run.run_id }}}}</b> of "
                f"<b>{{{{ dag_run.dag_id }}}}</b> is not done after {limit}.</p>"
                "<p>What to do: open it in Airflow and see which task waits or runs long.</p>",
            },
        ),
    )
