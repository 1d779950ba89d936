"""Rows of the desk that point at nothing: contacts, tasks, visits, plans of who is gone."""

from datetime import date

from daysheet.synthetic.amounts import DOLLAR
from daysheet.synthetic.clock import NEVER, moment
from daysheet.synthetic.draws import Random
from daysheet.synthetic.office import Office

_NO_TIME = f"{NEVER} 00:00:00"


def leave_loose_ends(office: Office, rng: Random, day: date, missing: int) -> None:
    """Write one row of each kind whose patient, visit or list has the key ``missing``."""
    at = moment(day, rng)
    _messages(office, day, missing, at)
    _visits(office, day, missing, at)
    _work(office, day, missing, at)


def _messages(office: Office, day: date, missing: int, at: object) -> None:
    add = office.drop.add
    office.count("contacts by direction", 1)
    add(
        "commlog",
        PatNum=missing,
        CommDateTime=at,
        CommType=office.defs["comm.call"],
        Mode_=3,
        SentOrReceived=1,
        UserNum=missing,
        DateTStamp=at,
        DateTEntry=at,
    )
    office.count("texts sent by status", 2)
    add(
        "smstomobile",
        PatNum=missing,
        MsgType=1,
        SmsStatus=2,
        MsgText="Hello",
        MsgParts=1,
        DateTimeSent=at,
        SecDateTEdit=at,
    )
    office.count("texts received", "all")
    received = {"DateTimeReceived": at, "SecDateTEdit": at, "MsgText": "Hello?"}
    add("smsfrommobile", PatNum=missing, CommlogNum=missing, **received)
    office.count("emails by state", 1)
    written = {"MsgDateTime": at, "SecDateTEntry": at, "SecDateTEdit": at}
    add("emailmessage", PatNum=missing, SentOrReceived=1, MsgType="Manual", **written)
    add("commoptout", PatNum=missing, OptOutSms=1)
    office.count("patients who opted out", "all")
    office.count("statements", "sent")
    office.count("statements sent by mode", 0)
    add(
        "statement",
        PatNum=missing,
        DateSent=day,
        DateRangeFrom=day,
        DateRangeTo=day,
        IsSent=1,
        IsBalValid=1,
        BalTotal=33 * DOLLAR,
        StatementType="NotSet",
        DateTStamp=at,
    )
    add("statementprod", StatementNum=missing, FKey=missing)
    add("stmtlink", StatementNum=missing, FKey=missing)
    office.count("messages to the agency by type", 4)
    add("tsitranslog", PatNum=missing, TransType=4, TransDateTime=at, AccountBalance=33 * DOLLAR)


def _visits(office: Office, day: date, missing: int, at: object) -> None:
    add = office.drop.add
    row = {
        "PatNum": missing,
        "AptStatus": 2,
        "Pattern": "/XX/",
        "AptDateTime": f"{day} 10:00:00",
        "Op": missing,
        "ProvNum": missing,
        "DateTStamp": at,
        "SecDateTEntry": at,
    }
    office.count("appointments by status", 2)
    key = add("appointment", **row)
    office.count("appointment history by action", 0)
    add("histappointment", HistDateTStamp=at, HistApptAction=0, AptNum=key, **row)
    office.count("appointment history by action", 1)  # its appointment vanished without a trace
    add("histappointment", HistDateTStamp=at, HistApptAction=1, AptNum=missing, **row)
    office.count("reminders by send status", 3)
    sent = {"SendStatus": 3, "MessageType": 1, "DateTimeEntry": at, "DateTimeSent": at}
    about = {"PatNum": missing, "ApptNum": missing, "ApptDateTime": f"{day} 10:00:00"}
    add("apptremindersent", ApptReminderRuleNum=missing, **sent, **about)
    office.count("confirmations by answer", 1)
    add("confirmationrequest", RSVPStatus=1, DateTimeRSVP=_NO_TIME, **sent, **about)
    hours = {"StartTime": "08:00:00", "StopTime": "12:00:00"}
    block = add("schedule", SchedDate=day, SchedType=1, ProvNum=missing, DateTStamp=at, **hours)
    office.count("minutes scheduled by provider", missing, 240)
    add("scheduleop", ScheduleNum=block, OperatoryNum=missing)
    add("scheduleop", ScheduleNum=missing, OperatoryNum=missing)
    add("recall", PatNum=missing, DateDue=day, RecallTypeNum=missing, DateTStamp=at)


def _work(office: Office, day: date, missing: int, at: object) -> None:
    add = office.drop.add
    made = {"DateTimeEntry": at, "DateTimeOriginal": at}
    job = {"TaskListNum": missing, "ObjectType": 1, "KeyNum": missing, "Descript": "Call back"}
    office.count("tasks by status", 0)
    add("task", DateTimeFinished=_NO_TIME, SecDateTEdit=at, UserNum=missing, **made, **job)
    add("taskhist", TaskNum=missing, UserNumHist=missing, DateTStamp=at, **made, **job)
    add("tasknote", TaskNum=missing, UserNum=missing, DateTimeNote=at, Note="Left a message.")
    add("taskunread", TaskNum=missing, UserNum=missing)
    add("tasksubscription", UserNum=missing, TaskNum=missing)
    saved = {"SecDateEntry": day, "SecDateTEdit": at}
    office.count("treatment plans by status", 0)
    plan = add("treatplan", PatNum=missing, TPStatus=0, DateTP=day, **saved)
    add(
        "proctp",
        TreatPlanNum=plan,
        PatNum=missing,
        ProcNumOrig=missing,
        ProcCode="D2740",
        FeeAmt=900 * DOLLAR,
        PatAmt=900 * DOLLAR,
        DateTP=day,
        **saved,
    )
