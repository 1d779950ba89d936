"""Writes messages and contacts: texts out and in, emails, and the contact log beside them."""

from datetime import datetime, timedelta

from daysheet.synthetic.clock import NEVER, at
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Person

EMAIL, MAIL, PHONE, IN_PERSON, TEXT = 1, 2, 3, 4, 5
SENT, RECEIVED = 1, 2
_NO_TIME = f"{NEVER} 00:00:00"
_PENDING, _DELIVERED, _UNSURE, _FAILED, _FAILED_FREE = 1, 2, 3, 4, 5
_ERRORS = {_FAILED: "Handset switched off", _FAILED_FREE: "Not a mobile number"}


def log_contact(
    office: Office,
    person: Person | None,
    when: datetime,
    kind: str,
    note: str,
    *,
    mode: int,
    direction: int = SENT,
    source: int = 0,
    user: int = 0,
    minutes: int = 0,
    program: int = 0,
    referral: int = 0,
) -> int:
    """Write a commlog row (``kind`` a definition, '' for none); its key.

    It is entered when it happens, a contact to come on the last day; early rows do not know when.
    """
    known = min(when, _closing(office))
    office.count("contacts by direction", direction)
    if source:
        office.count("contacts by source", source)
    if when.date() > office.until:
        office.count("contacts in the future", "all")
    return office.drop.add(
        "commlog",
        PatNum=person.key if person else 0,
        CommDateTime=when,
        CommType=office.defs[kind] if kind else 0,
        Note=note,
        Mode_=mode,
        SentOrReceived=direction,
        UserNum=user,
        DateTStamp=known,
        DateTimeEnd=when + timedelta(minutes=minutes) if minutes else _NO_TIME,
        CommSource=source,
        ProgramNum=program,
        DateTEntry=known if known.date() >= office.messages_since else _NO_TIME,
        ReferralNum=referral,
    )


def send_text(
    office: Office,
    person: Person | None,
    when: datetime,
    source: int,
    text: str,
    *,
    status: int = 0,
    batch: str = "",
) -> int:
    """Write an outgoing text of ``source`` (SmsMessageSource); its key."""
    key = office.drop.next_key("smstomobile")
    status = status or _outcome(office, key, when)
    parts = 1 + len(text) // 160
    ended = when + timedelta(seconds=7) if status != _PENDING else _NO_TIME
    office.count("texts sent by status", status)
    return office.drop.add(
        "smstomobile",
        SmsToMobileNum=key,
        PatNum=person.key if person else 0,
        GuidMessage=f"out-{key:x}",
        GuidBatch=batch or f"one-{key:x}",
        SmsPhoneNumber="0005550100",
        MsgType=source,
        MsgText=text,
        SmsStatus=status,
        MsgParts=parts,
        MsgChargeUSD=400 * parts if status != _FAILED_FREE else 0,
        ClinicNum=person.clinic if person else 0,
        CustErrorText=_ERRORS.get(status, ""),
        DateTimeSent=when,
        DateTimeTerminated=ended,
        SecDateTEdit=min(when, _closing(office)),
    )


def _outcome(office: Office, key: int, when: datetime) -> int:
    roll = key * 7919 % 100
    if when.date() >= office.until or roll == 50:  # one in a hundred is never heard of again
        return _PENDING
    return _DELIVERED if roll < 80 else _UNSURE if roll < 94 else _FAILED if roll < 98 else 5


def receive_text(
    office: Office, person: Person | None, when: datetime, text: str, *, contact: int = 0
) -> tuple[int, str]:
    """Write an incoming text, ``contact`` its row in the contact log; its key and tracking id."""
    key = office.drop.next_key("smsfrommobile")
    tracking = f"in-{key:x}"
    office.count("texts received", "all")
    office.drop.add(
        "smsfrommobile",
        SmsFromMobileNum=key,
        PatNum=person.key if person else 0,
        ClinicNum=person.clinic if person else 0,
        CommlogNum=contact,
        MsgText=text,
        DateTimeReceived=when,
        SmsPhoneNumber="0005550100",
        MsgPart=1,
        MsgTotal=1,
        SmsStatus=int(key % 9 > 0),
        MatchCount=1 if person else 0,
        GuidMessage=tracking,
        SecDateTEdit=min(when, _closing(office)),
    )
    return key, tracking


def send_email(
    office: Office,
    person: Person | None,
    when: datetime,
    source: str,
    *,
    subject: str,
    body: str,
    state: int = SENT,
    user: int = 0,
    appointment: int = 0,
    provider: int = 0,
) -> int:
    """Write an email of ``source`` (EmailMessageSource) in ``state`` (EmailSentOrReceived)."""
    failed = state == 17
    office.count("emails by state", state)
    return office.drop.add(
        "emailmessage",
        PatNum=person.key if person else 0,
        Subject=subject,
        BodyText=body,
        MsgDateTime=when,
        SentOrReceived=state,
        ProvNumWebMail=provider,
        PatNumSubj=person.key if person else 0,
        AptNum=appointment,
        UserNum=user,
        SecDateTEntry=min(when, _closing(office)),
        SecDateTEdit=min(when + timedelta(minutes=3), _closing(office)),
        MsgType=source,
        FailReason="550 mailbox unavailable" if failed else "",
    )


def _closing(office: Office) -> datetime:
    """The end of the export's day: nothing was entered later."""
    return at(office.until, 24 * 60 - 1)
