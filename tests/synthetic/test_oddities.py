"""Everything the vendor's data is known to hold against its reader is in the practice."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from .conftest import UNTIL
from .reading import Oddities, cells, lacking, money, rows

TODAY = str(UNTIL)

IN_ONE_ROW: Oddities = {
    "no birth date": ("patient", lambda r: r["Birthdate"] == "0001-01-01"),
    "a birth date of 1900": ("patient", lambda r: r["Birthdate"] == "1900-01-01"),
    "a zero date": ("adjustment", lambda r: r["AdjDate"] == "0000-00-00"),
    "a zero time": ("patient", lambda r: r["DateTimeDeceased"] == "0000-00-00 00:00:00"),
    "an old day that counts": ("procedurelog", lambda r: r["ProcDate"] == "0001-01-01"),
    "no clinic": ("procedurelog", lambda r: r["ClinicNum"] == "0"),
    "a blanked fee": ("fee", lambda r: r["Amount"] == "-1"),
    "a blank allowed amount": ("claimproc", lambda r: r["AllowedOverride"] == "-1"),
    "an unknown write-off": ("claimsnapshot", lambda r: r["Writeoff"] == "-1"),
    "a double a hair off": ("procedurelog", lambda r: len(r["ProcFee"]) > 12),
    "a zero a hair off": ("claimproc", lambda r: "E-" in r["WriteOff"]),
    "a fraction of a cent": ("procedurelog", lambda r: bool(money(r["ProcFee"]) % Decimal("0.01"))),
    "a negative fee": ("procedurelog", lambda r: money(r["ProcFee"]) < 0),
    "several units": ("procedurelog", lambda r: int(r["UnitQty"]) > 1),
    "base units": ("procedurelog", lambda r: r["BaseUnits"] == "1"),
    "a deleted patient who owes": (
        "patient",
        lambda r: r["PatStatus"] == "4" and money(r["EstBalance"]) != 0,
    ),
    "a dead patient who owes": (
        "patient",
        lambda r: r["PatStatus"] == "5" and money(r["EstBalance"]) != 0,
    ),
    "a quote in a name": ("patient", lambda r: '"' in r["FName"]),
    "a comma in a name": ("patient", lambda r: "," in r["LName"]),
    "a line break in a name": ("patient", lambda r: "\n" in r["FName"]),
    "a formula in a name": ("patient", lambda r: r["FName"].startswith("=")),
    "a name beyond ASCII": ("patient", lambda r: not r["FName"].isascii()),
    "a person called NULL": ("patient", lambda r: r["FName"] == "NULL"),
    "a payment by total": ("claimproc", lambda r: r["Status"] == "1" and r["ProcNum"] == "0"),
    "a reversal": ("claimproc", lambda r: r["Status"] == "4" and money(r["InsPayAmt"]) < 0),
    "received, no check yet": (
        "claimproc",
        lambda r: r["Status"] == "1" and r["ClaimPaymentNum"] == "0",
    ),
    "a claim transfer": ("claimproc", lambda r: r["IsTransfer"] == "1"),
    "an overpayment": ("claimproc", lambda r: r["IsOverpay"] == "1"),
    "insurance paying a plan": ("claimproc", lambda r: r["PayPlanNum"] != "0"),
    "a resent claim": ("claim", lambda r: r["DateSentOrig"] < r["DateResent"] == r["DateSent"]),
    "a denied claim": (
        "claim",
        lambda r: r["ClaimStatus"] == "R" and r["ClaimType"] == "P" and money(r["InsPayAmt"]) == 0,
    ),
    "a partial check": ("claimpayment", lambda r: r["IsPartial"] == "1"),
    "a scan kept inline": ("eobattach", lambda r: r["RawBase64"] != ""),
    "an income transfer": ("payment", lambda r: r["PayType"] == "0" and money(r["PayAmt"]) == 0),
    "a refund": ("payment", lambda r: money(r["PayAmt"]) < 0),
    "a post-dated payment": ("paysplit", lambda r: r["DatePay"] > TODAY),
    "a future discount": ("adjustment", lambda r: r["AdjDate"] > TODAY and r["ProcNum"] != "0"),
    "a plan charge not yet due": ("payplancharge", lambda r: r["ChargeDate"] > TODAY),
    "an overcharge taken back": ("payplancharge", lambda r: r["IsOffset"] == "1"),
    "a closed plan": ("payplan", lambda r: r["IsClosed"] == "1"),
    "a dynamic plan": ("payplan", lambda r: r["IsDynamic"] == "1"),
    "a plan that tracks insurance": ("payplan", lambda r: r["PlanNum"] != "0"),
    "a link with an override": ("payplanlink", lambda r: money(r["AmountOverride"]) != 0),
    "a linked adjustment": ("payplanlink", lambda r: r["LinkType"] == "1"),
    "a merge": ("patientlink", lambda r: r["LinkType"] == "1"),
    "a clone": ("patientlink", lambda r: r["LinkType"] == "2"),
    "a secret setting": ("preference", lambda r: r["ValueString"].startswith("secret")),
    "a password": ("userod", lambda r: r["Password"] != ""),
    "a note": ("procedurelog", lambda r: "\n" in r["BillingNote"]),
    "an audit row of a service": ("securitylog", lambda r: r["UserNum"] == "0"),
}
EVERY_CODE = {
    ("procedurelog", "ProcStatus"): "12345678",
    ("claimproc", "Status"): "0123456789",
    ("claim", "ClaimStatus"): "UHWSRP",
    ("appointment", "AptStatus"): "123567",
    ("patient", "PatStatus"): "0123456",
    ("benefit", "BenefitType"): "12456",
    ("insplan", "PlanType"): ["", "p", "f", "c"],
    ("claim", "ClaimType"): ["P", "S", "PreAuth", "Cap"],
    ("claimsnapshot", "SnapshotTrigger"): "02",
}


def test_each_oddity_that_shows_in_one_row_is_there(practice: Path):
    assert lacking(practice / "opendental", IN_ONE_ROW) == set()


@pytest.mark.parametrize(("place", "codes"), EVERY_CODE.items(), ids=str)
def test_every_code_occurs(practice: Path, place: tuple[str, str], codes: str):
    assert set(codes) <= cells(practice / "opendental", *place)


def test_families_are_crossed_and_guarantors_chained(practice: Path):
    guarantor = {
        row["PatNum"]: row["Guarantor"] for row in rows(practice / "opendental", "patient")
    }
    assert any(guarantor[guarantor[key]] != guarantor[key] for key in guarantor)
    plans = {row["PayPlanNum"]: row for row in rows(practice / "opendental", "payplan")}
    payers = [plan for plan in plans.values() if plan["Guarantor"] != "0"]
    assert any(guarantor[p["Guarantor"]] != guarantor[p["PatNum"]] for p in payers)
    header = {row["PayNum"]: row["PatNum"] for row in rows(practice / "opendental", "payment")}
    crossed = Counter(
        guarantor[header[split["PayNum"]]] == guarantor[split["PatNum"]]
        for split in rows(practice / "opendental", "paysplit")
        if split["PayNum"] in header and split["PatNum"] != header[split["PayNum"]]
    )
    assert crossed[True] > 0, "a payment for another member of the family"
    assert crossed[False] > 0, "a payment for another family"


def test_merges_form_chains_whose_members_still_own_rows(practice: Path):
    links = {
        row["PatNumFrom"]: row["PatNumTo"]
        for row in rows(practice / "opendental", "patientlink")
        if row["LinkType"] == "1"
    }
    assert any(target in links for target in links.values())
    assert set(links) <= {row["PatNum"] for row in rows(practice / "opendental", "adjustment")}


def test_transfers_net_to_nothing(practice: Path):
    payments = {
        row["PayNum"] for row in rows(practice / "opendental", "payment") if row["PayType"] == "0"
    }
    moved, claims = defaultdict(Decimal), defaultdict(Decimal)
    for row in rows(practice / "opendental", "paysplit"):
        if row["PayNum"] in payments:
            moved[row["PayNum"]] += money(row["SplitAmt"])
    for row in rows(practice / "opendental", "claimproc"):
        if row["IsTransfer"] == "1":
            claims[row["ClaimNum"]] += money(row["InsPayAmt"])
    for sums in (moved, claims):
        assert sums
        assert not any(sums.values())


def test_payments_are_the_sum_of_their_splits(practice: Path):
    splits, many = defaultdict(Decimal), Counter()
    for row in rows(practice / "opendental", "paysplit"):
        splits[row["PayNum"]] += money(row["SplitAmt"])
        many[row["PayNum"]] += 1
    for row in rows(practice / "opendental", "payment"):
        assert splits[row["PayNum"]] == money(row["PayAmt"])
    assert max(many.values()) > 3


def test_most_checks_are_the_sum_of_their_lines(practice: Path):
    lines, claims = defaultdict(Decimal), defaultdict(set)
    for row in rows(practice / "opendental", "claimproc"):
        lines[row["ClaimPaymentNum"]] += money(row["InsPayAmt"])
        claims[row["ClaimPaymentNum"]].add(row["ClaimNum"])
    checks = list(rows(practice / "opendental", "claimpayment"))
    balanced = sum(lines[c["ClaimPaymentNum"]] == money(c["CheckAmt"]) for c in checks)
    assert 0.9 < balanced / len(checks) < 1
    assert max(len(claims[check["ClaimPaymentNum"]]) for check in checks) > 3


def test_hidden_prepayments_and_adjustments_of_the_wrong_sign_exist(practice: Path):
    folder = practice / "opendental"
    definitions = {row["DefNum"]: row for row in rows(folder, "definition")}
    hidden = [
        row
        for row in rows(folder, "paysplit")
        if row["UnearnedType"] != "0" and definitions[row["UnearnedType"]]["ItemValue"]
    ]
    assert hidden
    signs = Counter(
        (definitions[row["AdjType"]]["ItemValue"], money(row["AdjAmt"]) > 0)
        for row in rows(folder, "adjustment")
    )
    assert signs["-", True] > 0
    assert signs["-", False] > signs["-", True]
    assert signs["dp", False] > 0
    assert signs["+", True] > 0


def test_definitions_are_not_numbered_by_category(practice: Path):
    categories = [int(row["Category"]) for row in rows(practice / "opendental", "definition")]
    assert categories != sorted(categories)
