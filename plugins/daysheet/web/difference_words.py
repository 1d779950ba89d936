"""What the lists of reconciliation, their columns and their actions are called."""

from dataclasses import dataclass

from daysheet.desk.money.reconciliation import List


@dataclass(frozen=True)
class ListWords:
    """``means`` says when a line is listed, ``nothing`` what it is good for that there is none."""

    title: str
    means: str
    nothing: str
    about: str
    since: str
    ours: str
    theirs: str
    amount: str


LISTS: dict[List, ListWords] = {
    "unapplied": ListWords(
        "Unapplied payments",
        "Money of payers that is for no session yet.",
        "All money of payers is on sessions or set aside.",
        "Payment", "Received", "Used", "Kept", "Unapplied",
    ),
    "claim_without_session": ListWords(
        "Paid claims without a session",
        "A payment report names a claim of which no session is known.",
        "Every claim that was paid has its sessions.",
        "Claim", "First paid", "On sessions", "Reported", "Waiting",
    ),
    "ledger_against_export": ListWords(
        "Ledger against export",
        "What was posted here for a session and what the newest export says differ by over a cent.",
        "Wherever something was posted, the newest export says the same.",
        "Session", "Export of", "Posted", "Reported", "Difference",
    ),
    "control_total": ListWords(
        "Control totals",
        "What the payment export or the bank says of one reference and day, against what payment"
        " reports brought.",
        "Type or paste totals above: those that differ are listed here.",
        "Reference and day", "Day", "Brought", "Control", "Difference",
    ),
    "credit": ListWords(
        "Credits",
        "Sessions of which the payer paid more than was owed: the money goes back by the due day.",
        "No payer has paid more than was owed.",
        "Session", "Due", "Owed", "Paid and moved", "Credit",
    ),
    "paid_not_posted": ListWords(
        "Paid, not posted",
        "The claim is said to be paid for 5 days or more, and nothing was posted.",
        "Every claim that is said to be paid has its payment.",
        "Session", "Paid since", "Posted", "Charge", "Outstanding",
    ),
}  # fmt: skip
