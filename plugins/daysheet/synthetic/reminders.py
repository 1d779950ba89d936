"""Automated messages about visits: confirmation requests, reminders, thanks, and the answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from daysheet.synthetic.chairside import BROKEN, COMPLETE, SCHEDULED
from daysheet.synthetic.clock import NEVER, at, moment
from daysheet.synthetic.mailroom import (
    EMAIL,
    RECEIVED,
    TEXT,
    log_contact,
    receive_text,
    send_email,
    send_text,
)
from daysheet.synthetic.people import Appointment, Circle, Person
from daysheet.synthetic.templates import HOUR

_NO_TIME = f"{NEVER} 00:00:00"
_BY_TEXT, _BY_EMAIL, _BY_SECURE_EMAIL = 1, 2, 3
_WAITING, _PENDING, _YES, _NO, _CALL, _EXPIRED, _FAILED, _MOVED = range(8)
_BY_STATUS = {  # how answers spread over twenty
    COMPLETE: (_YES,) * 12 + (_EXPIRED,) * 5 + (_CALL, _FAILED, _MOVED),
    BROKEN: (_YES,) * 4 + (_NO,) * 7 + (_EXPIRED,) * 8 + (_FAILED,),
}
_BY_CONFIRMED = {
    "confirm.yes": _YES,
    "confirm.no": _NO,
    "confirm.failed": _FAILED,
    "confirm.sent": _PENDING,
    "confirm.none": _WAITING,
    "confirm.called": _PENDING,
}
_REPLIES = {_YES: ("C", "c", "Yes", "YES thanks"), _NO: ("No", "can't"), _CALL: ("Please call",)}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A rule's name and what its messages are called in each table."""

    rule: str
    hours: int
    text_source: int
    email_source: str
    words: str


_CONFIRM = _Kind("confirm", 7 * 24, 6, "EConfirmation", "Reply C to confirm.")
_REMIND = _Kind("remind", 48, 3, "EReminder", "See you soon.")
_TODAY = _Kind("today", 2, 3, "EReminder", "See you today.")
_THANKS = _Kind("thanks", 0, 16, "ThankYou", "Thank you for booking.")


def remind(circle: Circle) -> None:
    """Write the messages about the circle's visits; clinics that do not send them write none."""
    for person in circle.people:
        office = person.office
        if person.clinic == office.clinics[1]:
            continue
        for appointment in sorted(person.appointments, key=lambda one: (one.day, one.key)):
            if appointment.status in (SCHEDULED, COMPLETE, BROKEN):
                _remind_of(appointment)
        if person.silent_since <= office.until or person.desk.random() < 0.01:
            _opt_out(person)


def _remind_of(appointment: Appointment) -> None:
    person, desk = appointment.person, appointment.person.desk
    if desk.random() < 0.07:
        made = moment(min(appointment.made, person.office.until), desk)
        _send(appointment, _THANKS, made)
    visit = at(appointment.day, appointment.start)
    confirm = visit - timedelta(hours=_CONFIRM.hours)
    if confirm.date() > appointment.made and desk.random() < 0.8:
        _ask(appointment, confirm)
    if (visit - timedelta(hours=48)).date() > appointment.made and desk.random() < 0.85:
        _send(appointment, _REMIND, visit - timedelta(hours=48))
    if desk.random() < 0.1:
        _send(appointment, _TODAY, visit - timedelta(hours=2))


def _channel(person: Person, when: datetime) -> int:
    if person.takes_texts(when.date()):
        return _BY_TEXT
    return _BY_EMAIL if person.has_email else 0


def _send(appointment: Appointment, kind: _Kind, when: datetime) -> None:
    """One message by a rule, and what is kept of it; nothing for people out of reach."""
    person, office = appointment.person, appointment.person.office
    channel = _channel(person, when)
    if not channel or not office.messages_since <= when.date() <= office.until:
        return
    roll = person.desk.random()
    waits = channel == _BY_TEXT and (roll > 0.98 or when.date() == office.until)
    status = 4 if roll < 0.03 else 5 if waits else 3  # 5: for its receipt
    if person.silent_since <= when.date() and person.desk.random() < 0.5:
        status = 1  # told not to
    sent = status in (3, 5)
    message = _deliver(appointment, kind, when, channel) if sent else 0
    office.count("reminders by send status", status)
    office.drop.add(
        "apptremindersent",
        PatNum=person.key,
        ClinicNum=person.clinic,
        SendStatus=status,
        MessageType=_BY_SECURE_EMAIL if channel == _BY_EMAIL and message % 9 == 1 else channel,
        MessageFk=message,
        DateTimeEntry=when - timedelta(seconds=20),
        DateTimeSent=when if sent else _NO_TIME,
        **_about(appointment, kind, when),
    )


def _about(appointment: Appointment, kind: _Kind, when: datetime) -> dict[str, object]:
    """The appointment as it stood; a few were on another day when the message went out."""
    office = appointment.person.office
    visit = at(appointment.day, appointment.start)
    if appointment.moves and kind is not _REMIND:
        visit = when + timedelta(hours=kind.hours, days=1)
    clinic = appointment.person.clinic
    rule = office.rules.get((kind.rule, clinic)) or office.rules[kind.rule, 0]
    return {
        "ApptReminderRuleNum": rule,
        "ApptNum": appointment.key,
        "ApptDateTime": visit,
        "TSPrior": kind.hours * HOUR,
    }


def _deliver(appointment: Appointment, kind: _Kind, when: datetime, channel: int) -> int:
    """The text or email itself, and most times its row in the contact log."""
    person, office = appointment.person, appointment.person.office
    words = f"Visit on {appointment.day} at {appointment.start // 60}. {kind.words}"
    logged = person.desk.random() < 0.9
    if logged:
        mode = TEXT if channel == _BY_TEXT else EMAIL
        source = 6 if kind is _THANKS else 3
        log_contact(office, person, when, "comm.appointment", words, mode=mode, source=source)
    if channel == _BY_TEXT:
        return send_text(office, person, when, kind.text_source, words)
    state = 17 if person.desk.random() < 0.02 else 1
    return send_email(
        office,
        person,
        when,
        kind.email_source,
        subject="About your visit",
        body=words,
        state=state,
        appointment=appointment.key,
    )


def _ask(appointment: Appointment, when: datetime) -> None:
    """A confirmation request and how it ended."""
    person, office, desk = appointment.person, appointment.person.office, appointment.person.desk
    channel = _channel(person, when)
    if not channel or not office.messages_since <= when.date() <= office.until:
        return
    if appointment.status == SCHEDULED:
        answer = _BY_CONFIRMED[appointment.confirmed]
    else:
        answer = _BY_STATUS[appointment.status][int(desk.random() * 20)]
    sent = answer not in (_WAITING, _FAILED)
    message = _deliver(appointment, _CONFIRM, when, channel) if sent else 0
    answered: datetime | str = _NO_TIME
    if answer in _REPLIES:
        later = when + timedelta(minutes=2 + int(desk.random() ** 3 * 3000))
        answered = min(later, max(when, at(office.until, 20 * 60)))
    elif answer == _EXPIRED:
        answered = at(appointment.day, appointment.start)
    elif answer == _MOVED:
        answered = when + timedelta(hours=20)
    tracking = ""
    if isinstance(answered, datetime) and answer in _REPLIES and channel == _BY_TEXT:
        tracking = _reply(person, answered, answer)
    status = 4 if answer == _FAILED else 2 if answer == _WAITING else 3
    office.count("confirmations by answer", answer)
    office.drop.add(
        "confirmationrequest",
        DateTimeConfirmExpire=at(appointment.day, appointment.start),
        ConfirmCode=f"C{appointment.key % 1000}",
        DateTimeConfirmTransmit=when if sent else _NO_TIME,
        DateTimeRSVP=answered,
        RSVPStatus=answer,
        GuidMessageFromMobile=tracking,
        ShortGUID=f"c{appointment.key:x}",
        DoNotResend=int(answer == _MOVED),
        PatNum=person.key,
        ClinicNum=person.clinic,
        SendStatus=status,
        MessageType=channel,
        MessageFk=message,
        DateTimeEntry=when - timedelta(seconds=20),
        DateTimeSent=when if sent else _NO_TIME,
        **_about(appointment, _CONFIRM, when),
    )


def _reply(person: Person, when: datetime, answer: int) -> str:
    office, desk = person.office, person.desk
    words = _REPLIES[answer][int(desk.random() * len(_REPLIES[answer]))]
    contact = 0
    if desk.random() < 0.8:
        contact = log_contact(
            office, person, when, "comm.text", words, mode=TEXT, direction=RECEIVED, source=4
        )
    _, tracking = receive_text(office, person, when, words, contact=contact)
    if desk.random() < 0.3:
        send_text(office, person, when + timedelta(seconds=9), 17, "Thank you, we noted it.")
    if desk.random() < 0.012:  # and wants no more of them
        stop = when + timedelta(minutes=1)
        receive_text(office, person, stop, "STOP")
        send_text(office, person, stop + timedelta(seconds=4), 28, "You get no more texts.")
        person.silent_since = stop.date() + timedelta(days=1)
    return tracking


def _opt_out(person: Person) -> None:
    """What a patient does not want: everything by text, or some kinds by email."""
    texts = 1 if person.silent_since <= person.office.until else 4
    emails = (0, 4, 256 + 1024)[int(person.desk.random() * 3)]
    person.office.count("patients who opted out", "all")
    person.office.drop.add("commoptout", PatNum=person.key, OptOutSms=texts, OptOutEmail=emails)
