"""The pick lists and settings of the invented practice."""

from datetime import date

from daysheet.synthetic.draws import stream
from daysheet.synthetic.files import Drop

# slug -> (category, label, value). Slugs are ours: no model may rely on a DefNum.
_DEFINITIONS = {
    "color.account": (0, "Default", ""),
    "adj.courtesy": (1, "Courtesy discount", "-"),
    "adj.senior": (1, "Senior discount", "-"),
    "adj.baddebt": (1, "Bad debt", "-"),
    "adj.retired": (1, "Neighbor discount (old)", "-"),
    "adj.finance": (1, "Finance charge", "+"),
    "adj.billing": (1, "Billing charge", "+"),
    "adj.late": (1, "Late charge", "+"),
    "adj.tax": (1, "Sales tax", "+"),
    "adj.broken": (1, "Broken appointment fee", "+"),
    "adj.refund": (1, "Refund to patient", "+"),
    "adj.forward": (1, "Balance forward from old system", "+"),
    "adj.treatplan": (1, "Treatment plan discount", "dp"),
    "adj.membership": (1, "Membership discount", "dp"),
    "confirm.none": (2, "Not called", ""),
    "confirm.sent": (2, "E-sent", ""),
    "confirm.yes": (2, "E-confirmed", ""),
    "confirm.no": (2, "E-declined", ""),
    "confirm.failed": (2, "E-failed", ""),
    "confirm.called": (2, "Left a message", ""),
    "confirm.arrived": (2, "Arrived", ""),
    "confirm.seated": (2, "In chair", ""),
    "confirm.dismissed": (2, "Done", ""),
    "quick.exam": (3, "Exam and cleaning", "D0120,D1110"),
    "bill.standard": (4, "Standard account", ""),
    "bill.email": (4, "Statements by email", "E"),
    "bill.collect": (4, "Sent to collections", "C"),
    "bill.collectemail": (4, "Collections, by email", "CE"),
    "pay.cash": (10, "Cash", ""),
    "pay.check": (10, "Check", "N"),
    "pay.card": (10, "Credit card", ""),
    "pay.ach": (10, "ACH", ""),
    "pay.financing": (10, "Outside financing", ""),
    "pay.refund": (10, "Refund", ""),
    "cat.diagnostic": (11, "Exams and x-rays", ""),
    "cat.preventive": (11, "Cleanings", ""),
    "cat.restorative": (11, "Fillings and crowns", ""),
    "cat.endo": (11, "Root canals", ""),
    "cat.perio": (11, "Gums", ""),
    "cat.surgery": (11, "Surgery", ""),
    "cat.prosth": (11, "Dentures and bridges", ""),
    "cat.ortho": (11, "Braces", ""),
    "cat.other": (11, "Everything else", ""),
    "recall.called": (13, "Called once", ""),
    "recall.mailed": (13, "Card mailed", ""),
    "unsched.waiting": (13, "Waiting for the patient", ""),
    "dx.caries": (16, "Caries", "C"),
    "dx.perio": (16, "Periodontal", "P"),
    "image.xray": (18, "X-rays", "X"),
    "image.card": (18, "Insurance cards", ""),
    "image.eob": (18, "Letters", ""),
    "tx.first": (20, "1", ""),
    "tx.second": (20, "2", ""),
    "tx.wait": (20, "Can wait", ""),
    "block.closed": (25, "Closed", "NS"),
    "block.lunch": (25, "Lunch", "NS"),
    "block.urgent": (25, "Kept for emergencies", ""),
    "comm.call": (27, "Phone call", "MISC"),
    "comm.appointment": (27, "Appointment", "APPT"),
    "comm.money": (27, "Account", "FIN"),
    "comm.recall": (27, "Recall", "RECALL"),
    "comm.text": (27, "Text message", "TEXT"),
    "comm.family": (27, "Family news", ""),
    "comm.oldmoney": (27, "Collections call (old)", ""),
    "unearned.prepay": (29, "Prepayment", ""),
    "unearned.payplan": (29, "Payment plan prepayment", ""),
    "unearned.treatplan": (29, "Treatment plan prepayment", "X"),
    "prognosis.good": (30, "Good", ""),
    "track.called": (31, "Called payer", "7"),
    "track.resent": (31, "Resent with x-rays", "14"),
    "track.appeal": (31, "Appeal filed", "30"),
    "track.review": (31, "Needs review", ""),
    "inspay.check": (32, "Check", ""),
    "inspay.eft": (32, "EFT", "N"),
    "inspay.card": (32, "Virtual card", ""),
    "task.normal": (33, "Normal", "D"),
    "task.urgent": (33, "Today", ""),
    "task.reminder": (33, "Reminder", "R"),
    "spec.general": (35, "General", ""),
    "spec.hygiene": (35, "Hygienist", ""),
    "spec.endo": (35, "Endodontist", ""),
    "spec.surgery": (35, "Oral surgeon", ""),
    "reject.frequency": (36, "Too soon", ""),
    "reject.bundled": (36, "Part of another procedure", ""),
    "verify.done": (38, "Verified", ""),
    "verify.waiting": (38, "Waiting on payer", ""),
    "region.river": (39, "River side", ""),
    "group.main": (40, "Main", ""),
    "group.other": (40, "Other payers", ""),
    "error.missing": (43, "Missing x-ray", "Payer asks for an image"),
    "error.eligibility": (43, "Not eligible", "Member not found on the service date"),
    "carrier.union": (46, "Union plans", ""),
    "carrier.commercial": (46, "Commercial plans", ""),
    "plancat.standard": (47, "In-house financing", ""),
    "plancat.ortho": (47, "Braces", ""),
    "deposit.auto": (48, "Main account", ""),
    "filing.commercial": (49, "Commercial", ""),
    "filing.public": (49, "Public", ""),
}
_HIDDEN = {"adj.retired", "quick.exam", "comm.oldmoney"}


def write_definitions(drop: Drop, seed: int) -> dict[str, int]:
    """Write ``definition``, its keys in no telling order; slug -> DefNum."""
    slugs = list(_DEFINITIONS)
    stream(seed, "definitions").shuffle(slugs)
    numbers = {}
    for slug in slugs:
        category, label, value = _DEFINITIONS[slug]
        order = sum(1 for other in numbers if _DEFINITIONS[other][0] == category)
        numbers[slug] = drop.add(
            "definition",
            Category=category,
            ItemOrder=order,
            ItemName=label,
            ItemValue=value,
            ItemColor=-1 - order * 4096,
            IsHidden=int(slug in _HIDDEN),
        )
    return numbers


def write_preferences(
    drop: Drop, defs: dict[str, int], provider: int, until: date, aging: dict[str, int]
) -> None:
    """Write ``preference``: what models read, and secrets that must never be kept."""
    settings = {
        **aging,
        "PayPlansBillInAdvanceDays": 10,
        "DateLastAging": until,
        "AgingCalculatedMonthlyInsteadOfDaily": 0,
        "AgingIsEnterprise": 0,
        "PrepaymentUnearnedType": defs["unearned.prepay"],
        "TpUnearnedType": defs["unearned.treatplan"],
        "DynamicPayPlanPrepaymentUnearnedType": defs["unearned.payplan"],
        "ReportsPPOwriteoffDefaultToProcDate": 0,
        "InsPPOsecWriteoffs": 0,
        "ClaimSnapshotEnabled": 1,
        "ClaimSnapshotTriggerType": "ClaimCreate",
        "AppointmentTimeIncrement": 10,
        "AppointmentTimeArrivedTrigger": defs["confirm.arrived"],
        "AppointmentTimeSeatedTrigger": defs["confirm.seated"],
        "AppointmentTimeDismissedTrigger": defs["confirm.dismissed"],
        "ApptEConfirmStatusSent": defs["confirm.sent"],
        "ApptEConfirmStatusAccepted": defs["confirm.yes"],
        "ApptEConfirmStatusDeclined": defs["confirm.no"],
        "ApptEConfirmStatusSendFailed": defs["confirm.failed"],
        "BrokenApptProcedure": 3,
        "BrokenAppointmentAdjustmentType": defs["adj.broken"],
        "FinanceChargeAdjustmentType": defs["adj.finance"],
        "BillingChargeAdjustmentType": defs["adj.billing"],
        "LateChargeAdjustmentType": defs["adj.late"],
        "SalesTaxAdjustmentType": defs["adj.tax"],
        "TreatPlanDiscountAdjustmentType": defs["adj.treatplan"],
        "RigorousAccounting": 0,
        "PracticeDefaultProv": provider,
        "PracticeDefaultBillType": defs["bill.standard"],
        "EasyNoClinics": 0,
        "DataBaseVersion": "24.3.10.0",
        # Not on the contract's list, so skipped when loaded.
        "PracticeTitle": "Larchport Family Teeth (invented)",
        "EmailPassword": "secret preference EmailPassword",
        "XChargePassword": "secret preference XChargePassword",
        "RegistrationKey": "SECRET-PREF-0000-REGISTRATION",
        "PracticePhone": "0005550100",
    }
    for name, value in settings.items():
        drop.add("preference", PrefName=name, ValueString=value, Comments="")
