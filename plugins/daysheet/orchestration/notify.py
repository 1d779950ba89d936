"""Mail to ops when something fails or is new: what, where, the link; never an exception's text."""

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

CHECK = "check"  # the task that checks a whole build ...
NEWS = "news"  # ... and its XCom: findings that were not there before, as plain values

_NEWS_SUBJECT = (
    '[daysheet] new warnings about build {{ ti.xcom_pull(task_ids="take_build") }}, published'
)
_NEWS_BODY = """\
<p>Build <b>{{ ti.xcom_pull(task_ids="take_build") }}</b> is published. Its checks
found what they did not find, or found half as often, in the build before:</p>
<table border="1" cellpadding="4">
<tr><th>where</th><th>check</th><th>found</th><th>before</th></tr>
{% for found in ti.xcom_pull(task_ids="check", key="news") %}
<tr><td>{{ found.subject | e }}</td><td>{{ (found.meaning or found.check_name) | e }}</td>
<td>{{ found.failing }}</td><td>{{ "-" if found.before is none else found.before }}</td></tr>
{% endfor %}
</table>
<p>What it means: the numbers are right by what was dropped; the source holds something odd.</p>
<p>What to do: open the task <b>check</b> of the run, its Rendered Templates show the whole quality
report; the keys of the rows are in ops.build_check and ops.check_result.</p>
<p><a href="{{ ti.log_url }}">The run</a></p>
"""


def news_to_ops() -> SmtpNotifier:
    """A mail about what the checks of a published build found for the first time."""
    return SmtpNotifier(
        smtp_conn_id="smtp_default",
        to=get_settings().ops_email,
        subject=_NEWS_SUBJECT,
        html_content=_NEWS_BODY,
    )


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
