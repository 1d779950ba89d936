"""Send what waits in the outbox, every hour and whenever somebody asks."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from daysheet.mail.sending import Sent
from daysheet.orchestration.clock import practice_clock
from daysheet.orchestration.connections import dsn
from daysheet.orchestration.mail_server import send
from daysheet.orchestration.notify import tell_ops
from daysheet.orchestration.phase_dag import DEFAULT_ARGS
from daysheet.warehouse import DatabaseFault, Role, session

DOC = """
Sends the mails of the outbox (`ops.mail`) that are due: those a server did not take at once.
Skipped when nothing is due; red when something due was not taken or never will be. The task's
*Rendered Templates* say what was sent and what was not, and why. What can be tried again is, for
five days.
"""


class SendMailOperator(BaseOperator):
    """Send what is due, of ``mail_ids`` if given; what became of each mail is on the run's page.

    ``report`` is empty until the task has run, as that of the build's checks.
    """

    template_fields = ("mail_ids", "report")
    overwrite_rtif_after_execution = True

    def __init__(self, *, mail_ids: Sequence[int] | None = None, **kwargs: Any) -> None:
        # Tried again by the outbox, in its own time; a retry would find nothing due and be green.
        super().__init__(**{"retries": 0} | kwargs)
        self.mail_ids = mail_ids
        self.report = ""

    def execute(self, context: Context) -> dict[str, int]:
        """Mails by what became of them."""
        try:
            with session(
                dsn(Role.MAILER), f"daysheet {context['dag'].dag_id}", autocommit=True
            ) as connection:
                done = send(connection, only=self.mail_ids)
        except DatabaseFault as fault:
            raise AirflowFailException(str(fault)) from None
        if not done:
            raise AirflowSkipException("nothing is due")
        self.report = as_text(done)
        self.log.info("mail\n%s", self.report)
        trouble = [mail for mail in done if mail.is_trouble]
        if trouble:
            raise AirflowFailException(f"{len(trouble)} of {len(done)} mails were not sent")
        return dict(Counter(mail.state for mail in done))


def as_text(done: Sequence[Sent]) -> str:
    """One line for each mail: whose, how many lines it holds, what became of it."""
    return "\n".join(
        f"mail {mail.mail_id}: {mail.kind} for {mail.staff_id or 'ops'}, {mail.line_count} lines: "
        + (mail.state if mail.problem is None else f"{mail.state} ({mail.problem})")
        for mail in done
    )


def send_mail_dag(dag_id: str) -> DAG:
    """The DAG that sends what is due once an hour."""
    with DAG(
        dag_id=dag_id,
        schedule=practice_clock("15 * * * *"),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["daysheet"],
        doc_md=DOC,
        on_failure_callback=tell_ops(
            means="some mail of the outbox was not taken; none is lost: it is tried again for five "
            "days, unless the server refused it for good.",
            todo="open the task's Rendered Templates: they say of each mail what kept it. Mend the "
            "mail server, its connection smtp_default, or the address of the person.",
        ),
    ) as dag:
        SendMailOperator(task_id="send", execution_timeout=timedelta(minutes=30))
    return dag
