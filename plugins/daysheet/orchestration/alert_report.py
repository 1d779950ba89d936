"""What a run of the alerts says: on its page who is mailed what, to ops what they must see to."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date

from daysheet.alerts.daily import Outcome
from daysheet.alerts.digests import Queued
from daysheet.alerts.for_ops import Silent
from daysheet.orchestration.notify import AirflowRun, Notice

_RULE = "-" * 72


def as_text(outcome: Outcome, as_of: str, *, is_today: bool, is_preview: bool) -> str:
    """The report of a run; of a preview with the mails there would be."""
    changes = asdict(outcome.evaluated)
    is_past = changes.pop("is_past")
    counts = ", ".join(f"{count} {name}" for name, count in changes.items() if count)
    parts = [
        *(["DRY RUN: nothing of this was written."] if is_preview else []),
        f"Alerts as of {as_of}: {counts or 'nothing changed'}"
        + (" (a later day was evaluated before: only counted)" if is_past else ""),
        _mailed(outcome.digests) if is_today else "A past day: nobody is mailed.",
    ]
    if is_preview:
        parts += [
            f"{_RULE}\nfor {each.display_code}: {each.subject}\n\n{each.text}"
            for each in outcome.digests
            if each.staff_id
        ]
    return "\n".join(parts) + "\n"


def notices(
    outcome: Outcome, missed: date | None, silent: Sequence[Silent], run: AirflowRun
) -> Iterator[Notice]:
    """What ops have to see to: nobody else can."""
    if untold := sum(each.line_count for each in outcome.digests if each.state == "nobody"):
        yield _untold(untold, run)
    if refused := [each for each in outcome.digests if each.state == "failed"]:
        yield _refused(refused, run)
    if silent:
        yield _silent(silent, run)
    if missed:
        yield _missed(missed, run)


def _mailed(digests: Sequence[Queued]) -> str:
    if not digests:
        return "Nobody is mailed: it is not time, nothing is new, or all have had theirs."
    return "\n".join(
        f"- {each.display_code}: {each.line_count} lines, {each.new} new: {each.subject}"
        + (" (NOT SENT: this address may get no mail)" if each.state == "failed" else "")
        if each.staff_id
        else f"- NOBODY can be told of {each.line_count} alerts"
        for each in digests
    )


def _untold(count: int, run: AirflowRun) -> Notice:
    return Notice(
        cause=f"{run.dag_id} nobody",
        subject=f"nobody can be told of {count} alerts",
        happened=f"{count} alerts are to be mailed, and there is nobody to mail them to.",
        means="claims grow old without anybody hearing of it, though the desk shows them.",
        todo="give a lead or an admin of the desk an email address, or make one active: "
        "daysheet desk import FILE.",
        link=run.link,
    )


def _refused(refused: Sequence[Queued], run: AirflowRun) -> Notice:
    codes = ", ".join(each.display_code for each in refused)
    return Notice(
        cause=f"{run.dag_id} address",
        subject=f"digests that may not be sent: {len(refused)}",
        happened=f"The digests of {codes} may not be sent to their addresses.",
        means="these people are not mailed; others are, and the desk shows everything.",
        todo="mend the address in the desk file (daysheet desk import FILE), or add its domain to "
        "DAYSHEET_MAIL_DOMAINS. Then run alert_aged_claims with resend_to.",
        link=run.link,
    )


def _silent(silent: Sequence[Silent], run: AirflowRun) -> Notice:
    return Notice(
        cause=f"{run.dag_id} silent",
        subject="no files: " + ", ".join(sorted({each.source for each in silent})),
        happened="Files that are expected have not come for longer than they may.",
        means="what happened since is in no number: ages move on, payments and answers lack.",
        todo="see whether the export still runs and where it is put, and drop what is missing; "
        "older files may come in any order.",
        link=run.link,
        headings=("source", "what", "days"),
        rows=tuple((each.source, each.title, each.day_count) for each in silent),
    )


def _missed(day: date, run: AirflowRun) -> Notice:
    return Notice(
        cause=f"{run.dag_id} missed {day}",
        subject=f"the alerts of {day} were never evaluated",
        happened=f"On {day}, a business day, {run.dag_id} did not run to its end.",
        means="nobody was mailed that day. Nothing is lost: what was new then is in today's mail.",
        todo="see why Airflow did not run that morning (daysheet doctor). To keep that day's "
        "counts, run alert_aged_claims with it as as_of.",
        link=run.link,
    )
