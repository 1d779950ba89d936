"""Tasks: what the desk has to do, with notes, former versions, followers and unread marks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from daysheet.synthetic.clock import NEVER, at, moment
from daysheet.synthetic.draws import Random, stream
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Circle

NEW, VIEWED, DONE = range(3)
NOTHING, PATIENT, APPOINTMENT = range(3)
_DAILY, _WEEKLY, _MONTHLY, _MONDAY, _ONCE = 1, 2, 4, 16, 2048
_NO_TIME = f"{NEVER} 00:00:00"
# Some of these speak of money and are no collection work.
_CHORES = (
    "Order gloves, payment due to the supplier on the 3rd.",
    "Claim forms are running out.",
    "Water the plants.",
    "New account for the lab's web site.",
    "Check the $ in the petty cash.",
    "Call the plumber 11/12.",
    "Renew the parking permits.",
)
_ABOUT_PATIENTS = (
    "Wants to be called about the crown.",
    "Send the x-rays to the surgeon.",
    "Ask for the new insurance card.",
)
_ABOUT_VISITS = ("Move to an earlier time if one opens.", "Needs a longer visit.")
_NOTES = (
    "Left a message.",
    "Called again, no answer.",
    "Done, see the chart.",
    "Asked the doctor.",
)


@dataclass(frozen=True, slots=True)
class Job:
    """What a task is about: list, kind and key of its object, text, days until it is done."""

    where: int
    kind: int
    thing: int
    text: str
    takes: int
    priority: str = "task.normal"


def write_task(
    office: Office,
    rng: Random,
    made: datetime,
    job: Job,
    *,
    reminder: int = 0,
    repeats: bool = False,
) -> int:
    """Write a task, its notes, former versions, followers and unread marks; its key.

    ``reminder`` is the days until it reminds, 0 for none.
    """
    author = office.users[int(rng.random() * 9)]
    finished = made + timedelta(days=job.takes, minutes=17)
    done = job.takes >= 0 and finished.date() <= office.until and not repeats
    status = DONE if done else NEW if rng.random() < 0.4 else VIEWED
    due = made + timedelta(days=reminder)
    row = {
        "TaskListNum": job.where,
        "DateTask": due.date() if rng.random() < 0.03 else NEVER,
        "KeyNum": job.thing,
        "Descript": job.text,
        "IsRepeating": int(repeats),
        "ObjectType": job.kind,
        "DateTimeEntry": due if reminder else made,
        "UserNum": author,
        "PriorityDefNum": office.defs["task.reminder" if reminder else job.priority],
        "ReminderGroupId": f"series-{author}-{made:%Y%m}" if reminder else "",
        "ReminderType": (_ONCE, _WEEKLY + _MONDAY, _MONTHLY, _DAILY)[reminder % 4] * (reminder > 0),
        "ReminderFrequency": int(reminder > 0),
        "DateTimeOriginal": made,
    }
    last = min(finished if done else made + timedelta(days=2), at(office.until, 18 * 60))
    key = office.drop.add(
        "task",
        TaskStatus=status,
        DateTimeFinished=finished if done else _NO_TIME,
        SecDateTEdit=last,
        **row,
    )
    office.count("tasks by status", status)
    _keep_versions(office, rng, row | {"TaskNum": key}, made, last)
    _note(office, rng, key, made, last)
    if rng.random() < 0.15:
        follower = office.users[int(rng.random() * 9)]
        office.drop.add("tasksubscription", UserNum=follower, TaskNum=key)
    if not done and rng.random() < 0.5:
        for user in rng.sample(office.users, 1 + int(rng.random() * 2)):
            office.drop.add("taskunread", TaskNum=key, UserNum=user)
    return key


def _keep_versions(
    office: Office, rng: Random, row: dict[str, Any], made: datetime, last: datetime
) -> None:
    count = (0, 1, 1, 1, 2)[int(rng.random() * 5)]
    tied = rng.random() < 0.1  # two versions of one second
    for n in range(count + tied):
        when = last if tied else made + (last - made) * (n + 1) / (count + 1)
        office.drop.add(
            "taskhist",
            UserNumHist=office.users[int(rng.random() * 9)],
            DateTStamp=when.replace(microsecond=0),
            IsNoteChange=int(rng.random() < 0.3),
            TaskStatus=NEW if n == 0 else VIEWED,
            DateTimeFinished=_NO_TIME,
            SecDateTEdit=made,
            **row | {"TaskListNum": row["TaskListNum"] if n else office.premises.inboxes[0]},
        )


def _note(office: Office, rng: Random, key: int, made: datetime, last: datetime) -> None:
    count = (0, 0, 1, 1, 2, 3)[int(rng.random() * 6)]
    tied = rng.random() < 0.1
    for n in range(count):
        when = last if tied else made + (last - made) * (n + 1) / (count + 1)
        office.drop.add(
            "tasknote",
            TaskNum=key,
            UserNum=office.users[int(rng.random() * 9)],
            DateTimeNote=when.replace(microsecond=0),
            Note=_NOTES[int(rng.random() * len(_NOTES))],
        )


def assign(circle: Circle) -> None:
    """Write tasks about the circle's patients and their visits."""
    for person in circle.people:
        office, desk = person.office, person.desk
        lists = office.premises.task_lists
        for appointment in person.appointments:
            if desk.random() < 0.02:
                where = lists["moves"]
                text = _ABOUT_VISITS[appointment.key % 2]
                job = Job(where, APPOINTMENT, appointment.key, text, int(desk.random() * 30) - 2)
                made = min(appointment.made, office.until)
                write_task(office, desk, moment(made, desk), job)
        if person.first_visit and desk.random() < 0.12:
            where = lists[("calls", "insurance")[int(desk.random() * 2)]]
            if desk.random() < 0.3:
                where = office.premises.inboxes[int(desk.random() * 8)]
            text = _ABOUT_PATIENTS[int(desk.random() * 3)]
            days = (office.until - office.start).days
            made = office.start + timedelta(days=int(desk.random() * days))
            takes = int(desk.random() * 20) - 2
            job = Job(where, PATIENT, person.key, text, takes, "task.urgent")
            reminder = int(desk.random() * 30) if desk.random() < 0.2 else 0
            write_task(office, desk, moment(made, desk), job, reminder=reminder)


def write_chores(office: Office) -> None:
    """Write the tasks that are about nobody, week by week, and who follows which list."""
    rng, lists = stream(office.seed, "chores"), office.premises.task_lists
    day = office.start
    while day <= office.until:
        text = _CHORES[int(rng.random() * len(_CHORES))]
        where = (lists["front"], lists["accounts"], 0)[int(rng.random() * 3)]
        job = Job(where, NOTHING, 0, text, int(rng.random() * 40) - 3)
        write_task(office, rng, moment(day, rng), job, reminder=int(rng.random() < 0.1) * 7)
        day += timedelta(days=7)
    opening = Job(lists["opening"], NOTHING, 0, "Switch on the compressor.", -1)
    write_task(office, rng, at(office.start, 8 * 60), opening, repeats=True)
    for n, user in enumerate(office.users):
        followed = list(lists.values())[n % len(lists)]
        office.drop.add("tasksubscription", UserNum=user, TaskListNum=followed)
