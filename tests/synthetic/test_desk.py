"""The desk's tables agree with the ledger, with the visits and with one another."""

import datetime
import json
import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from daysheet.catalog import load_contracts

from .conftest import UNTIL
from .reading import Ledger, aged, day, money, rows, split_by_family

NOBODY = 900_000_000
NEVER = "0001-01-01 00:00:00"


def table(practice: Path, name: str) -> list[dict[str, str]]:
    return list(rows(practice / "opendental", name))


def by_key(practice: Path, name: str) -> dict[str, dict[str, str]]:
    key = load_contracts()[name].key[0]
    return {row[key]: row for row in table(practice, name)}


def known(practice: Path) -> dict[str, dict[str, int]]:
    return json.loads((practice / "known_totals.json").read_text())["counts"]


def slug(practice: Path, category: str, label: str) -> str:
    """The DefNum of a label, as a reader would look it up."""
    found = [r for r in table(practice, "definition") if r["Category"] == category]
    return next(row["DefNum"] for row in found if row["ItemName"] == label)


COUNTED = {
    "appointment history by action": ("histappointment", "HistApptAction"),
    "confirmations by answer": ("confirmationrequest", "RSVPStatus"),
    "contacts by direction": ("commlog", "SentOrReceived"),
    "emails by state": ("emailmessage", "SentOrReceived"),
    "messages to the agency by type": ("tsitranslog", "TransType"),
    "reminders by send status": ("apptremindersent", "SendStatus"),
    "tasks by status": ("task", "TaskStatus"),
    "texts sent by status": ("smstomobile", "SmsStatus"),
    "treatment plans by status": ("treatplan", "TPStatus"),
}


@pytest.mark.parametrize("area", COUNTED)
def test_known_counts_are_what_the_files_hold(practice: Path, area: str):
    name, column = COUNTED[area]
    assert Counter(row[column] for row in table(practice, name)) == known(practice)[area]


def test_known_counts_of_visits_and_statements_are_what_the_files_hold(practice: Path):
    counts = known(practice)
    visits = Counter(row["AptStatus"] for row in table(practice, "appointment"))
    deleted = sum(row["HistApptAction"] == "4" for row in table(practice, "histappointment"))
    assert visits | {"deleted": deleted} == counts["appointments by status"]
    statements = Counter(map(_kind, table(practice, "statement")))
    assert statements == counts["statements"]
    future = sum(row["CommDateTime"][:10] > str(UNTIL) for row in table(practice, "commlog"))
    assert future == counts["contacts in the future"]["all"]


def _kind(row: dict[str, str]) -> str:
    if row["IsReceipt"] == "1":
        return "receipts"
    if row["IsInvoice"] == "1":
        return "invoices"
    if row["StatementType"] == "LimitedStatement":
        return "limited"
    return "sent" if row["IsSent"] == "1" else "not sent"


def test_statements_show_what_the_family_owed_that_day(practice: Path):
    guarantor = {row["PatNum"]: row["Guarantor"] for row in table(practice, "patient")}
    families = split_by_family(Ledger(practice / "opendental", UNTIL), guarantor)
    heads, seen = set(guarantor.values()), 0
    for row in table(practice, "statement"):
        ordinary = _kind(row) in ("sent", "not sent") and row["PatNum"] in guarantor
        if not ordinary or row["IsBalValid"] == "0":
            continue
        # Somebody who pays for others is asked for them, though another pays for him.
        head = row["PatNum"] if row["PatNum"] in heads else guarantor[row["PatNum"]]
        part = families[head]
        on = day(row["DateSent"])
        # An offset counts here on its own day, so plain arithmetic by date is what was shown.
        figures = aged(part, on, running=False, offsetting=False)
        assert money(row["BalTotal"]) == figures[4] > 0, row["StatementNum"]
        assert money(row["InsEst"]) == figures[5], row["StatementNum"]
        seen += 1
    assert seen > 500


def test_lines_and_links_of_statements_point_at_their_kind(practice: Path):
    kinds = {"0": "procedurelog", "1": "adjustment", "2": "payplancharge"}
    keys = {name: set(by_key(practice, name)) for name in (*kinds.values(), "paysplit")}
    found, late = Counter(), slug(practice, "1", "Late charge")
    adjustments = by_key(practice, "adjustment")
    for row in table(practice, "statementprod"):
        if int(row["StatementNum"]) < NOBODY:
            assert row["FKey"] in keys[kinds[row["ProdType"]]]
            found[row["ProdType"]] += 1
        if row["LateChargeAdjNum"] != "0":
            assert adjustments[row["LateChargeAdjNum"]]["AdjType"] == late
            found["late"] += 1
    assert set(found) == {"0", "1", "2", "late"}
    links = {"0": "procedurelog", "1": "paysplit", "2": "adjustment"}
    for row in table(practice, "stmtlink"):
        if int(row["StatementNum"]) < NOBODY:
            assert row["FKey"] in keys[links[row["StmtLinkType"]]]


PROMISE = re.compile(r"will pay \$(\d+\.\d\d) by (\d{4}-\d\d-\d\d)")


def test_promises_are_kept_and_broken_by_what_the_family_really_paid(practice: Path):
    guarantor = {row["PatNum"]: row["Guarantor"] for row in table(practice, "patient")}
    paid = defaultdict(list)
    for row in table(practice, "paysplit"):
        if row["PatNum"] in guarantor and money(row["SplitAmt"]) > 0:
            paid[guarantor[row["PatNum"]]].append((row["DatePay"], money(row["SplitAmt"])))
    outcome = Counter()
    for row in table(practice, "commlog"):
        promise = PROMISE.search(row["Note"])
        if promise and promise[2] < str(UNTIL):
            family = paid[guarantor[row["PatNum"]]]
            called = row["CommDateTime"][:10]
            sums = sum(amount for on, amount in family if called <= on <= promise[2])
            outcome[sums >= Decimal(promise[1])] += 1
    assert min(outcome[True], outcome[False]) > 20, outcome


def test_every_visit_was_made_once_and_deleted_ones_live_in_history_only(practice: Path):
    visits, made = by_key(practice, "appointment"), Counter()
    for row in table(practice, "histappointment"):
        made[row["AptNum"]] += row["HistApptAction"] == "0"
    without_history = {key for key in visits if not made[key]}
    lost = {key for key in without_history if visits[key]["AptDateTime"][:4] in ("0000", "0001")}
    assert without_history == lost, "only those that lost their day in a crash"
    assert max(made.values()) == 1
    gone = set(made) - set(visits)
    assert any(made[key] for key in gone)
    moved = Counter()
    for row in table(practice, "histappointment"):
        if row["AptNum"] in visits and visits[row["AptNum"]]["AptStatus"] in "25":
            moved[row["AptNum"]] += (
                row["AptDateTime"][:10] != visits[row["AptNum"]]["AptDateTime"][:10]
            )
    assert max(moved.values()) > 1, "some visits were moved twice"


def test_broken_visits_say_missed_or_cancelled_alike_in_chart_and_history(practice: Path):
    codes = {row["CodeNum"]: row["ProcCode"] for row in table(practice, "procedurecode")}
    charted = {
        row["AptNum"]: codes[row["CodeNum"]]
        for row in table(practice, "procedurelog")
        if codes[row["CodeNum"]] in ("D9986", "D9987")
    }
    last = {
        row["AptNum"]: row["HistApptAction"]
        for row in table(practice, "histappointment")
        if row["AptStatus"] == "5" and row["HistApptAction"] in "23"
    }
    for visit, code in charted.items():
        assert last[visit] == {"D9986": "2", "D9987": "3"}[code]
    assert set(last) - set(charted), "some are known by their history only"
    broken = {r["AptNum"] for r in table(practice, "appointment") if r["AptStatus"] == "5"}
    assert broken - set(last) - set(charted), "and some not at all"


def test_messages_point_at_the_text_or_email_that_was_sent(practice: Path):
    sent = {"1": set(by_key(practice, "smstomobile")), "2": set(by_key(practice, "emailmessage"))}
    sent["3"] = sent["2"]
    for name in ("apptremindersent", "confirmationrequest"):
        kinds = Counter()
        for row in table(practice, name):
            if row["MessageFk"] != "0":
                assert row["MessageFk"] in sent[row["MessageType"]], name
                kinds[row["MessageType"]] += 1
            elif int(row["PatNum"]) < NOBODY:
                assert row["SendStatus"] != "3", name
        assert min(kinds["1"], kinds["2"]) > 20


def test_answers_agree_with_the_confirmation_on_the_calendar(practice: Path):
    visits = by_key(practice, "appointment")
    settings = {r["PrefName"]: r["ValueString"] for r in table(practice, "preference")}
    expected = {
        "2": settings["ApptEConfirmStatusAccepted"],
        "3": settings["ApptEConfirmStatusDeclined"],
        "6": settings["ApptEConfirmStatusSendFailed"],
    }
    seen = Counter()
    for row in table(practice, "confirmationrequest"):
        visit = visits.get(row["ApptNum"])
        if visit and visit["AptStatus"] == "1" and row["RSVPStatus"] in expected:
            assert visit["Confirmed"] == expected[row["RSVPStatus"]]
            seen[row["RSVPStatus"]] += 1
        if row["RSVPStatus"] in "234":
            assert row["DateTimeConfirmTransmit"] < row["DateTimeRSVP"]
    assert seen["2"] > 0


def test_tasks_point_at_patients_and_visits_as_they_say(practice: Path):
    kinds = {"1": set(by_key(practice, "patient")), "2": set(by_key(practice, "appointment"))}
    seen, confusing = Counter(), 0
    for row in table(practice, "task"):
        seen[row["ObjectType"]] += 1
        if row["ObjectType"] == "0":
            assert row["KeyNum"] == "0"
        elif int(row["KeyNum"]) < NOBODY:
            assert row["KeyNum"] in kinds[row["ObjectType"]]
            confusing += all(row["KeyNum"] in keys for keys in kinds.values())
    assert set(seen) == {"0", "1", "2"}
    assert confusing > 10, "keys that are a patient and a visit as well"


def test_minutes_scheduled_are_the_union_of_the_days_blocks(practice: Path):
    minutes = defaultdict(set)
    for row in table(practice, "schedule"):
        if row["SchedType"] == "1":
            start, stop = (
                int(row[name][:2]) * 60 + int(row[name][3:5]) for name in ("StartTime", "StopTime")
            )
            minutes[row["ProvNum"], row["SchedDate"]] |= set(range(start, stop))
    total = Counter()
    for (provider, _), covered in minutes.items():
        total[provider] += len(covered)
    assert total == known(practice)["minutes scheduled by provider"]
    assert max(date for _, date in minutes) > str(UNTIL + datetime.timedelta(days=30))


def test_saved_plans_add_up_and_live_ones_hold_the_planned_work(practice: Path):
    plans, planned = by_key(practice, "treatplan"), defaultdict(list)
    for row in table(practice, "proctp"):
        assert plans[row["TreatPlanNum"]]["TPStatus"] == "0"
        parts = ("PriInsAmt", "SecInsAmt", "PatAmt", "Discount")
        assert sum(money(row[part]) for part in parts) == money(row["FeeAmt"])
    for row in table(practice, "treatplanattach"):
        if int(row["TreatPlanNum"]) < NOBODY:
            planned[row["ProcNum"]].append(plans[row["TreatPlanNum"]]["TPStatus"])
    for row in table(practice, "procedurelog"):
        if row["ProcStatus"] in "18":
            assert ("1" in planned[row["ProcNum"]]) == (row["ProcStatus"] == "1")
    assert max(map(len, planned.values())) > 1
    assert max(Counter(p["PatNum"] for p in plans.values() if p["TPStatus"] == "1").values()) == 1


def test_families_at_the_agency_have_a_billing_type_of_collections(practice: Path):
    labels = ("Sent to collections", "Collections, by email")
    billing = {slug(practice, "4", label) for label in labels}
    patients = by_key(practice, "patient")
    placed = {row["PatNum"] for row in table(practice, "tsitranslog") if row["TransType"] == "4"}
    placed &= set(patients)
    assert placed == {
        key
        for key, row in patients.items()
        if row["BillingType"] in billing and key in {r["Guarantor"] for r in patients.values()}
    }
    kinds = {row["TransType"] for row in table(practice, "tsitranslog")}
    assert kinds >= {"-1", "0", "1", "2", "3", "4", "5", "7", "8", "9", "10"}
