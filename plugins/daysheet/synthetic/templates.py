"""Texts the practice sends again and again: email templates, message rules, dunning notices."""

from daysheet.synthetic.files import Drop

HOUR = 36_000_000_000  # ticks of 100 ns

# what for: (ApptReminderType, hours before the visit, channels, text)
_RULES = {
    "confirm": (1, 7 * 24, "1,2", "We expect you on [ApptDate] at [ApptTime]. Reply C to confirm."),
    "remind": (0, 2 * 24, "1,2", "See you on [ApptDate] at [ApptTime], [NameF]."),
    "today": (0, 2, "1", "See you at [ApptTime] today."),
    "thanks": (4, 0, "1,2", "Thank you for booking [ApptDate], [ApptTime]."),
    "arrive": (5, 1, "1", "Text A when you are in the car park of [ClinicName]."),
    "birthday": (6, 0, "2", "Happy birthday, [NameF]!"),
    "after": (7, -3, "1,2", "Thank you for coming, [NameF]. How did we do?"),
    "pay": (10, 0, "1", "You owe [StatementBalance]. Pay at [MsgToPayUrl]."),
    "portal": (3, -24, "2", "Your records are at [PatientPortalURL]."),
}
_FOR_BOTH = ("confirm", "remind")
_EMAILS = (  # subject, body, EmailType
    ("Your statement", "Dear [NameF],\nyou owe [BalTotal]. Thank you.", 0),
    ("Time for a cleaning", "Dear [NameF],\nyour cleaning is due [DueDate].", 0),
    ("Welcome", "<p>Welcome to [ClinicName], [NameF].</p>", 1),
    ("Your treatment plan", "The plan we talked about is attached.", 0),
    ("We are closed", "<b>We are closed on Monday.</b>", 2),
)
# days, billing type, YN of pending insurance, text, in bold
_DUNNING = (
    (0, "", 0, "Thank you for paying on time.", ""),
    (30, "", 2, "Your account is past due.", ""),
    (60, "", 2, "Second notice.", "PLEASE CALL US"),
    (90, "", 0, "Final notice before collections.", "FINAL NOTICE"),
    (90, "bill.collect", 0, "Your account is with our agency.", "DO NOT PAY HERE"),
    (30, "", 1, "Your insurance has not paid yet.", ""),
)


def write_templates(
    drop: Drop, defs: dict[str, int], clinics: list[int]
) -> dict[tuple[str, int], int]:
    """Write them; the rules by (what for, clinic), 0 for the practice."""
    rules = {}
    for name, (kind, hours, channels, text) in _RULES.items():
        for clinic in (0, clinics[0]) if name in _FOR_BOTH else (0,):
            rules[name, clinic] = drop.add(
                "apptreminderrule",
                TypeCur=kind,
                TSPrior=hours * HOUR,
                SendOrder=channels,
                IsSendAll=int(name == "portal"),
                TemplateSMS=text,
                TemplateEmailSubject="About your visit",
                TemplateEmail=f"Dear [NameF],\n{text}",
                ClinicNum=clinic,
                DoNotSendWithin=24 * HOUR if name == "confirm" else 0,
                IsEnabled=int(name not in ("portal", "birthday")),
            )
    drop.add(  # the same rule in another language
        "apptreminderrule",
        TSPrior=48 * HOUR,
        SendOrder="1",
        TemplateSMS="Nos vemos el [ApptDate] a las [ApptTime].",
        IsEnabled=1,
        Language="es",
    )
    for subject, body, kind in _EMAILS:
        drop.add(
            "emailtemplate",
            Subject=subject,
            BodyText=body,
            Description=subject.lower(),
            TemplateType=kind,
        )
    for n, (days, billing, pending, text, bold) in enumerate(_DUNNING):
        drop.add(
            "dunning",
            DunMessage=text,
            BillingType=defs[billing] if billing else 0,
            AgeAccount=days,
            InsIsPending=pending,
            MessageBold=bold,
            DaysInAdvance=5 if days == 60 else 0,
            ClinicNum=clinics[1] if n == 5 else 0,
        )
    return rules
