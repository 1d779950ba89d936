"""Alerts brought up to the day, and the mail about them: each business morning, or by hand."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, BaseOperator, Context, Param, task
from airflow.sdk.exceptions import AirflowFailException

from daysheet.alerts import daily, for_ops
from daysheet.alerts.daily import Outcome
from daysheet.mail.outbox import NoDigest, send_again
from daysheet.orchestration.addresses import ui_url
from daysheet.orchestration.alert_report import as_text, notices
from daysheet.orchestration.clock import practice_clock
from daysheet.orchestration.connections import desk_of, dsn
from daysheet.orchestration.notify import AirflowRun, late_after, tell, tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS, START
from daysheet.orchestration.send_mail_dag import SendMailOperator
from daysheet.settings import get_settings
from daysheet.warehouse import DatabaseFault, Role, session

DOC = """
Brings alerts up to the day (claims that wait for long, deadlines, files that stay away ...) and
mails each person once a business day what is new, escalated or still open. It runs at eight on
business mornings, practice time. With `DAYSHEET_ALERTS_AFTER_PUBLISH` it runs after each publish
too; the mail waits for eight all the same.

**Who was mailed what** is on the run's page: the *Rendered Templates* of `evaluate` say whose
digest was written, with how many lines, and those of `send` what became of each mail. What a
server did not take is tried again each hour by `send_mail`, for five days.

Safe to rerun and to clear: nobody gets a second mail of a day. **Triggered by hand** it takes

- `as_of`: another day. A past day is looked back on: its alerts are counted, nobody is mailed. Many
  of them: `airflow backfill create --dag-id alert_aged_claims --from-date D --to-date D`, the
  last day not among them.
- `mail_now`: today's mail at once, before eight and on a holiday too.
- `dry_run`: show the mails there would be, and write nothing.
- `resend_to`: send somebody the newest digest once more; nothing is evaluated.
"""
_MEANS = "alerts are not up to date, or somebody was not mailed; the desk itself is not affected."


class EvaluateAlertsOperator(BaseOperator):
    """Evaluate the rules as of a day and write the digests of it to the outbox, all or nothing.

    ``report`` is empty until the task has run: then it says who is mailed how much, or in a dry
    run what. Airflow shows it under *Rendered Templates*.
    """

    template_fields = ("as_of", "report")
    overwrite_rtif_after_execution = True

    def __init__(self, *, as_of: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.as_of = as_of
        self.report = ""

    def execute(self, context: Context) -> list[int]:
        """The numbers of the mails that are to be sent."""
        params = context["params"]
        try:
            if params["resend_to"]:
                return self._send_again(params["resend_to"])
            return self._evaluate(context, params["mail_now"], params["dry_run"])
        except DatabaseFault as fault:
            if fault.is_retryable:
                raise
            raise AirflowFailException(f"{self.task_id}: {fault}") from None

    def _evaluate(self, context: Context, mails_now: bool, is_preview: bool) -> list[int]:
        settings, dag_run = get_settings(), context["dag_run"]
        is_today = date.fromisoformat(self.as_of) == settings.today()
        due: daily.Mail = "now" if mails_now or is_preview else "if_due"
        with desk_of(self.as_of, dag_run.dag_id) as connection:
            missed = for_ops.missed_morning(connection)
            before = for_ops.last_event(connection)
            outcome = daily.run(
                connection,
                ui_url=ui_url(),
                domains=settings.domains,
                mail=due if is_today else "never",
                is_preview=is_preview,
            )
            silent = for_ops.silent_since(connection, before)
        self._show(as_text(outcome, self.as_of, is_today=is_today, is_preview=is_preview))
        if is_today and not is_preview:
            for notice in notices(
                outcome, missed, silent, AirflowRun(dag_run.dag_id, dag_run.run_id)
            ):
                tell(notice)
        return _to_send(outcome)

    def _send_again(self, user_id: str) -> list[int]:
        with session(dsn(Role.MAILER), "daysheet resend", autocommit=True) as connection:
            try:
                mail_id = send_again(connection, user_id, domains=get_settings().domains)
            except NoDigest as none:
                raise AirflowFailException(str(none)) from None
            refused = connection.execute(
                "select problem from ops.mail where mail_id = %s and state = 'failed'", [mail_id]
            ).fetchone()
        if refused:
            raise AirflowFailException(f"mail {mail_id} to {user_id}: {refused[0]}")
        self._show(f"The newest digest of {user_id} is sent once more, as mail {mail_id}.")
        return [mail_id]

    def _show(self, report: str) -> None:
        self.report = report
        self.log.info("alerts\n%s", report)


def alert_dag(dag_id: str) -> DAG:
    """The DAG that evaluates alerts at eight on business mornings, one run at a time."""
    with DAG(
        dag_id=dag_id,
        schedule=practice_clock("0 8 * * 1-5"),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md=DOC,
        on_failure_callback=tell_ops(
            means=_MEANS,
            todo="open the red task. If it is send, its Rendered Templates say which mail was not "
            "taken and why: send_mail tries those again each hour. Else read its log, mend the "
            "cause and clear it; nobody is mailed twice.",
        ),
        deadline=late_after(
            timedelta(hours=1),
            means=_MEANS,
            todo="see which task runs long or waits for a lock, or if the mail server answers.",
        ),
        params=_params(),
    ) as dag:
        evaluated = EvaluateAlertsOperator(task_id="evaluate", as_of=_fix_day())
        SendMailOperator(
            task_id="send", mail_ids=evaluated.output, execution_timeout=timedelta(minutes=30)
        )
    return dag


@task(task_id="fix_day")
def _fix_day(dag_run: Any = None, params: Any = None) -> str:
    """The day all tasks of the run work on."""
    today = get_settings().today()
    as_of = date.fromisoformat(params["as_of"]) if params["as_of"] else day_of(dag_run, today)
    if as_of > today:
        raise AirflowFailException(f"{as_of} is still ahead: nothing is known of it")
    return as_of.isoformat()


def day_of(dag_run: Any, today: date) -> date:
    """The practice's day a run is for: a backfill's own, a scheduled one's unless pinned."""
    settings = get_settings()
    is_for_its_day = dag_run.run_type == "backfill" or (
        dag_run.run_type == "scheduled" and settings.as_of is None
    )
    if not is_for_its_day:
        return today
    return dag_run.logical_date.astimezone(ZoneInfo(settings.timezone)).date()


def _to_send(outcome: Outcome) -> list[int]:
    return [
        each.mail_id
        for each in outcome.digests
        if each.mail_id is not None and each.state == "pending"
    ]


def _params() -> dict[str, Param]:
    return {
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As-of date",
            description="Empty: today in the practice's time zone. A past day: nobody is mailed.",
        ),
        "mail_now": Param(
            False,
            type="boolean",
            title="Mail now",
            description="Today's mail at once, before eight and on a holiday too. Who has had "
            "today's gets no other.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Show the mails there would be now on the run's page, and write nothing.",
        ),
        "resend_to": Param(
            None,
            type=["null", "string"],
            title="Send again to",
            description="User name of somebody who is to get the newest digest once more. "
            "Nothing else is done.",
        ),
    }
