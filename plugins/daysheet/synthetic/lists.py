"""The lists the practice keeps itself, dropped beside the practice system's tables."""

from datetime import timedelta

from daysheet.synthetic.files import NOBODY, Drop
from daysheet.synthetic.office import Office


def write_lists(lists: Drop, office: Office) -> None:
    """Write each list in short; what it does not name falls back to the models' defaults."""
    defs = office.defs
    for slug in ("overdue", "second", "agency"):
        lists.add("collection_task_list", TaskListNum=office.premises.task_lists[slug], Note="")
    for slug in ("confirm.none", "confirm.sent", "confirm.failed", "confirm.called"):
        lists.add("unconfirmed_status", Confirmed=defs[slug], Note="")
    for code in ("D9986", "D9987", "N4104"):
        lists.add("administrative_code", ProcCode=code, Note="")
    for slug, group in (("adj.senior", "discount"), ("adj.billing", "charge")):
        lists.add("adjustment_class", AdjType=defs[slug], AdjustmentClass=group, Note="")
    for slug, group in (("pay.financing", "financing"), ("pay.ach", "ACH")):
        lists.add("payment_method", PayType=defs[slug], PaymentMethodGroup=group, Note="")
    _campaigns(lists, office)


def _campaigns(lists: Drop, office: Office) -> None:
    """Three that overlap, one that is over, and one whose owner is no user any more."""
    everything = {
        "StartDate": "",
        "EndDate": "",
        "MinBalance": "",
        "MaxBalance": "",
        "MinAgeDays": "",
        "MaxAgeDays": "",
        "BillingType": "",
        "ClinicNum": "",
        "OwnerUserNum": office.users[1],
    }
    begun = office.until - timedelta(days=300)
    for key, name, values in (
        ("LATE", "Collection of late accounts", {"MinAgeDays": 91, "MinBalance": "100.00"}),
        ("FRESH", "Friendly reminder", {"MinAgeDays": 31, "MaxAgeDays": 90, "StartDate": begun}),
        ("LARGE", "Large balances", {"MinBalance": "1000.00", "OwnerUserNum": office.users[3]}),
        (
            "SPRING",
            "Spring collection drive",
            {"StartDate": begun, "EndDate": begun + timedelta(days=60), "MaxBalance": "500.00"},
        ),
        (
            "AGENCY",
            "With the agency",
            {"BillingType": office.defs["bill.collect"], "OwnerUserNum": NOBODY},
        ),
        ("RIVER", "River side only", {"ClinicNum": office.clinics[0], "MinBalance": "20.00"}),
    ):
        lists.add("collection_campaign", CampaignId=key, CampaignName=name, **everything | values)
