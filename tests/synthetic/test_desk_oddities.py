"""What the desk's tables are known to hold against their reader, and that none of it is real."""

import csv
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from daysheet.catalog import load_codes, load_contracts

from .conftest import UNTIL
from .reading import Oddities, cells, lacking, rows

TODAY, NEVER = str(UNTIL), "0001-01-01 00:00:00"

IN_ONE_ROW: Oddities = {
    "a visit that lost its day": (
        "appointment",
        lambda r: r["AptStatus"] in "125" and r["AptDateTime"][:4] in ("0000", "0001"),
    ),
    "an old day on the unscheduled list": (
        "appointment",
        lambda r: r["AptStatus"] == "3" and r["AptDateTime"] > "1900" and r["Op"] == "0",
    ),
    "a past visit nobody closed": (
        "appointment",
        lambda r: r["AptStatus"] == "1" and "1900" < r["AptDateTime"] < TODAY,
    ),
    "midnight for not noted": (
        "appointment",
        lambda r: r["AptStatus"] == "2" and r["DateTimeSeated"].endswith("00:00:00"),
    ),
    "an arrival on another day": (
        "appointment",
        lambda r: (
            r["DateTimeArrived"] > "1900"
            and r["AptDateTime"] > "1900"
            and r["DateTimeArrived"][:10] != r["AptDateTime"][:10]
        ),
    ),
    "hygiene without its flag": (
        "appointment",
        lambda r: r["ProvHyg"] != "0" and r["IsHygiene"] == "0",
    ),
    "no appointment type": ("appointment", lambda r: r["AppointmentTypeNum"] == "0"),
    "a change by a service": ("histappointment", lambda r: r["ApptSource"] != "0"),
    "a block inside another": (
        "schedule",
        lambda r: (r["SchedType"], r["StartTime"], r["StopTime"]) == ("1", "09:00:00", "10:00:00"),
    ),
    "a block without length": (
        "schedule",
        lambda r: r["SchedType"] == "1" and r["StartTime"] == r["StopTime"],
    ),
    "a holiday of the practice": (
        "schedule",
        lambda r: r["Status"] == "2" and r["ClinicNum"] == "0",
    ),
    "a holiday of a clinic": ("schedule", lambda r: r["Status"] == "2" and r["ClinicNum"] != "0"),
    "a note on the calendar's day": (
        "schedule",
        lambda r: r["SchedType"] == "0" and r["Status"] == "0",
    ),
    "a room of no clinic": ("operatory", lambda r: r["ClinicNum"] == "0"),
    "a retired room": ("operatory", lambda r: r["IsHidden"] == "1"),
    "a secret user setting": (
        "userodpref",
        lambda r: r["FkeyType"] == "15" and r["ValueString"].startswith("secret"),
    ),
    "a contact about a referral": (
        "commlog",
        lambda r: r["PatNum"] == "0" and r["ReferralNum"] != "0" and r["CommType"] == "0",
    ),
    "a contact to come": ("commlog", lambda r: r["CommDateTime"] > TODAY + " 23:59:59"),
    "a contact that ended before it began": (
        "commlog",
        lambda r: NEVER < r["DateTimeEnd"] < r["CommDateTime"],
    ),
    "a contact of unknown entry": ("commlog", lambda r: r["DateTEntry"] == NEVER),
    "a bridge's contact": (
        "commlog",
        lambda r: r["CommSource"] == "2" and r["ProgramNum"] != "0",
    ),
    "a promise": ("commlog", lambda r: bool(re.search(r"will pay \$\d", r["Note"]))),
    "a promise without a year": ("commlog", lambda r: bool(re.search(r"by \d+/\d+$", r["Note"]))),
    "an amount that is no promise": ("commlog", lambda r: "about the balance of $" in r["Note"]),
    "a text that failed": ("smstomobile", lambda r: r["SmsStatus"] == "5" and r["CustErrorText"]),
    "a text from nobody": ("smsfrommobile", lambda r: r["PatNum"] == "0"),
    "a stop": ("smsfrommobile", lambda r: r["MsgText"] == "STOP"),
    "an email that failed": ("emailmessage", lambda r: r["SentOrReceived"] == "17"),
    "an email of no patient": ("emailmessage", lambda r: r["PatNum"] == "0"),
    "a rule after the visit": ("apptreminderrule", lambda r: int(r["TSPrior"]) < 0),
    "a rule in another language": ("apptreminderrule", lambda r: r["Language"] == "es"),
    "a message of another day": (
        "apptremindersent",
        lambda r: r["DateTimeSent"] > r["ApptDateTime"][:10],
    ),
    "an open range": ("statement", lambda r: r["DateRangeTo"] >= "2200"),
    "no stored balance": ("statement", lambda r: r["IsBalValid"] == "0" and r["IsReceipt"] == "0"),
    "a statement never sent": ("statement", lambda r: r["IsSent"] == "0" and r["DateSent"] != ""),
    "a statement of one person": (
        "statement",
        lambda r: r["SinglePatient"] == "1" and r["IsInvoice"] == "0",
    ),
    "a statement of families": ("statement", lambda r: r["SuperFamily"] != "0"),
    "an old statement": ("statement", lambda r: r["DateSent"] < str(UNTIL.year - 1)),
    "a task repeated": ("task", lambda r: r["IsRepeating"] == "1"),
    "a reminder": ("task", lambda r: r["ReminderType"] != "0"),
    "money that is no collection work": (
        "task",
        lambda r: "payment due to the supplier" in r["Descript"],
    ),
    "a day without a year": ("task", lambda r: "11/12" in r["Descript"]),
    "a list followed": ("tasksubscription", lambda r: r["TaskListNum"] != "0"),
    "a task followed": ("tasksubscription", lambda r: r["TaskNum"] != "0"),
    "a list put away": ("tasklist", lambda r: r["TaskListStatus"] == "1"),
    "a signed plan": ("treatplan", lambda r: r["DateTSigned"] > NEVER),
    "planned on the day it was done": (
        "procedurelog",
        lambda r: r["ProcStatus"] == "2" and r["DateTP"] == r["ProcDate"],
    ),
}
EVERY_CODE = {
    ("appointment", "AptStatus"): "1235678",
    ("histappointment", "HistApptAction"): "01234",
    ("schedule", "SchedType"): "01234",
    ("commlog", "Mode_"): "01234568",
    ("commlog", "SentOrReceived"): "012",
    ("commlog", "CommSource"): "012346789",
    ("smstomobile", "SmsStatus"): "12345",
    ("emailmessage", "SentOrReceived"): ["0", "1", "2", "3", "4", "5", "6", "7", "14", "17"],
    ("confirmationrequest", "RSVPStatus"): "01234567",
    ("apptremindersent", "SendStatus"): "1345",
    ("apptremindersent", "MessageType"): "123",
    ("statement", "Mode_"): "0123",
    ("statement", "StatementType"): ["NotSet", "LimitedStatement"],
    ("statement", "SmsSendStatus"): "0345",
    ("statementprod", "ProdType"): "012",
    ("stmtlink", "StmtLinkType"): "012",
    ("task", "TaskStatus"): "012",
    ("task", "ObjectType"): "012",
    ("treatplan", "TPStatus"): "012",
    ("treatplan", "TPType"): "01",
    ("userodpref", "FkeyType"): ["1", "3", "4", "10", "11", "14", "15", "17", "20"],
}


def test_each_oddity_of_the_desk_is_there(practice: Path):
    assert lacking(practice / "opendental", IN_ONE_ROW) == set()


@pytest.mark.parametrize(("place", "codes"), EVERY_CODE.items(), ids=str)
def test_every_code_of_the_desk_occurs(practice: Path, place: tuple[str, str], codes: str):
    assert set(codes) <= cells(practice / "opendental", *place)


def test_every_code_is_on_its_list(practice: Path):
    lists = load_codes()
    for table, contract in load_contracts().items():
        coded = {n: lists[c.codes] for n, c in contract.loaded.items() if c.codes in lists}
        flags = {"CommOptOutType", "TaskReminderType"}
        coded = {n: v for n, v in coded.items() if contract.columns[n].codes not in flags}
        for row in rows(practice / "opendental", table):
            for name, values in coded.items():
                allowed = {str(value) for value in values} | set(values.values())
                assert row[name] in allowed, f"{table}.{name}"


def test_messages_come_in_batches_replies_and_twice_logged(practice: Path):
    minutes = defaultdict(set)
    logged = {
        (r["PatNum"], r["CommDateTime"], r["Note"])
        for r in rows(practice / "opendental", "commlog")
    }
    twice = Counter()
    for row in rows(practice / "opendental", "smstomobile"):
        minutes[row["MsgText"], row["DateTimeSent"][:15]].add(row["PatNum"])
        twice[(row["PatNum"], row["DateTimeSent"], row["MsgText"]) in logged] += 1
    assert max(map(len, minutes.values())) > 20, "one text to many within minutes"
    assert min(twice[True], twice[False]) > 50, "some texts are in the contact log, some are not"
    answers = list(rows(practice / "opendental", "smsfrommobile"))
    assert any(row["CommlogNum"] != "0" for row in answers)
    assert any(row["CommlogNum"] == "0" for row in answers)


def test_notes_and_versions_tie_and_users_set_things_twice(practice: Path):
    for table, when in (("tasknote", "DateTimeNote"), ("taskhist", "DateTStamp")):
        ties = Counter((r["TaskNum"], r[when]) for r in rows(practice / "opendental", table))
        assert max(ties.values()) > 1, table
    names = ("UserNum", "Fkey", "FkeyType", "ClinicNum")
    settings = Counter(
        tuple(r[n] for n in names) for r in rows(practice / "opendental", "userodpref")
    )
    assert max(settings.values()) > 1


def test_a_provider_works_in_two_clinics_and_without_rooms(practice: Path):
    folder = practice / "opendental"
    clinic = {row["OperatoryNum"]: row["ClinicNum"] for row in rows(folder, "operatory")}
    rooms = defaultdict(set)
    for row in rows(folder, "scheduleop"):
        rooms[row["ScheduleNum"]].add(clinic.get(row["OperatoryNum"]))
    days, bare = defaultdict(set), 0
    for row in rows(folder, "schedule"):
        if row["SchedType"] == "1":
            days[row["ProvNum"], row["SchedDate"]] |= rooms[row["ScheduleNum"]]
            bare += not rooms[row["ScheduleNum"]]
    assert bare > 100
    assert any(len(clinics - {None}) > 1 for clinics in days.values())


def test_the_practices_own_lists_hold_its_own_keys(practice: Path):
    folder = practice / "practice"
    manifest = json.loads((folder / "_manifest.json").read_text())
    contracts = load_contracts("practice")
    assert set(manifest["files"]) == {f"{table}.csv" for table in contracts}
    unknown = Counter()
    for table, contract in contracts.items():
        listed = list(rows(folder, table))
        assert listed, table
        for name, column in contract.loaded.items():
            if column.references:
                target, key = column.references.split(".")
                keys = {row[key] for row in rows(practice / "opendental", target)}
                unknown.update(
                    f"{table}.{name}" for row in listed if row[name] and row[name] not in keys
                )
    assert unknown == {"collection_campaign.OwnerUserNum": 1}


SUSPECT = {
    "a telephone number": re.compile(r"(?<!\d)(?!000)\d{3}[-. ]\d{3}[-. ]\d{4}(?!\d)"),
    "a social security number": re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    "an address that exists": re.compile(r"@(?!SUM)(?!\w+\.(example|invalid)\b)\w+\.\w+"),
    "a web address that exists": re.compile(r"https?://(?!example\.invalid)"),
}


def test_no_text_could_be_about_a_real_person(practice: Path):
    for table, contract in load_contracts().items():
        texts = [name for name, column in contract.columns.items() if column.type == "text"]
        with (practice / "opendental" / f"{table}.csv").open(newline="") as stream:
            for row in csv.DictReader(stream):
                whole = "\n".join(row[name] for name in texts)
                for what, pattern in SUSPECT.items():
                    assert not pattern.search(whole), f"{table} holds {what}"


def test_every_secret_is_marked_as_invented(practice: Path):
    for row in rows(practice / "opendental", "userodpref"):
        if row["FkeyType"] in ("14", "15"):
            assert row["ValueString"].startswith("secret")
