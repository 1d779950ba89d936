"""What people say to one another: calls, letters, emails, texts typed by hand, mass messages."""

from datetime import date, datetime, timedelta

from daysheet.synthetic.chairside import COMPLETE, SCHEDULED
from daysheet.synthetic.clock import at, moment
from daysheet.synthetic.draws import stream
from daysheet.synthetic.mailroom import (
    EMAIL,
    IN_PERSON,
    MAIL,
    PHONE,
    RECEIVED,
    SENT,
    TEXT,
    log_contact,
    receive_text,
    send_email,
    send_text,
)
from daysheet.synthetic.office import Office
from daysheet.synthetic.people import Appointment, Circle, Person

# kind of contact, note, mode, direction; what the words say is not always what the kind says
_TALK = (
    ("comm.call", "Asked about parking.", PHONE, RECEIVED),
    ("comm.call", "Left a message; will call back.", PHONE, SENT),
    ("comm.call", "Asked about the bill from last spring.", PHONE, RECEIVED),
    ("comm.family", "Moved house, new address given.", IN_PERSON, RECEIVED),
    ("comm.family", "Newsletter handed over.", IN_PERSON, SENT),
    ("comm.recall", "Card sent: time for a cleaning.", MAIL, SENT),
    ("comm.recall", "Called about the cleaning that is due.", PHONE, SENT),
    ("comm.appointment", "Wants an earlier time. Yes to any morning.", PHONE, RECEIVED),
    ("comm.money", "Asked what the crown will cost.", PHONE, RECEIVED),
    ("comm.call", "Faxed the records.", 8, SENT),
    ("comm.call", "Note for the chart.", 0, 0),
    ("comm.text", "Sent the address by email and text.", 6, SENT),
)
_WEB, _PROGRAM, _ARRIVED_FROM_API = 1, 2, 7


def correspond(circle: Circle) -> None:
    """Write the contacts of a circle that are about no money owed."""
    for person in circle.people:
        for appointment in person.appointments:
            if appointment.status in (SCHEDULED, COMPLETE):
                _around_a_visit(appointment)
        if person.has_visits and not person.desk.randrange(5):
            _write_to(person)
    _mass_messages(circle)
    if circle.number % 24 == 0:
        _about_a_referral(circle.head)
        _plan_a_call(circle.head)
        _from_nobody(circle.head)


def _around_a_visit(appointment: Appointment) -> None:
    person, office, desk = appointment.person, appointment.person.office, appointment.person.desk
    roll, user = desk.random(), office.users[int(desk.random() * 5)]
    before = appointment.day - timedelta(days=1)
    if roll < 0.16 and before <= office.until:
        note = f"Called to confirm {appointment.day}."
        minutes = int(desk.random() * 9)
        log_contact(
            office,
            person,
            moment(before, desk),
            "comm.appointment",
            note,
            mode=PHONE,
            user=user,
            minutes=minutes,
        )
    elif roll < 0.22:
        when = moment(min(appointment.made, office.until), desk)
        source = _WEB if roll < 0.19 else _ARRIVED_FROM_API
        log_contact(
            office,
            person,
            when,
            "comm.appointment",
            f"Booked online for {appointment.day}.",
            mode=0,
            direction=RECEIVED,
            source=source,
        )
    elif roll < 0.36:
        day = min(appointment.day, office.until) - timedelta(days=int(desk.random() * 20))
        _talk(person, day, user)


def _talk(person: Person, day: date, user: int) -> None:
    office, desk = person.office, person.desk
    kind, note, mode, direction = _TALK[int(desk.random() * len(_TALK))]
    when = moment(day, desk)
    minutes = (0, 0, 3, 12)[int(desk.random() * 4)]
    if desk.random() < 0.01:
        minutes = -5  # ended before it began
    log_contact(
        office, person, when, kind, note, mode=mode, direction=direction, user=user, minutes=minutes
    )


def _write_to(person: Person) -> None:
    """A text typed by hand and its answer, an email, a web mail, a letter of another program."""
    office, desk = person.office, person.desk
    days = max((office.until - office.messages_since).days - 10, 1)
    when = moment(office.messages_since + timedelta(days=int(desk.random() * days)), desk)
    user, roll = office.users[int(desk.random() * 5)], desk.random()
    if roll < 0.35 and person.has_phone:
        words = "Your night guard is ready."
        log_contact(office, person, when, "comm.text", words, mode=TEXT, user=user)
        send_text(office, person, when, 1, words)
        if desk.random() < 0.5:
            receive_text(office, person, when + timedelta(minutes=31), "Great, I come on Friday")
    elif roll < 0.7 and person.has_email:
        _exchange_emails(person, when, user)
    elif roll < 0.85:
        program = office.premises.programs[person.key % 2]
        log_contact(
            office,
            person,
            when,
            "comm.recall",
            "Letter sent.",
            mode=MAIL,
            source=_PROGRAM,
            program=program,
        )
    else:
        source = (5, 8, 9)[person.key % 3]
        log_contact(office, person, when, "comm.text", "Notice.", mode=TEXT, source=source)
        send_text(office, person, when, (7, 25, 27)[person.key % 3], "Notice.")


def _exchange_emails(person: Person, when: datetime, user: int) -> None:
    office, desk = person.office, person.desk
    state, source = ((1, "Manual"), (0, "Manual"), (6, "WebMail"), (7, "WebMail"), (14, "Legacy"))[
        int(desk.random() * 5)
    ]
    subject = "Your question"
    provider = person.dentist if source == "WebMail" else 0
    send_email(
        office,
        person,
        when,
        source,
        subject=subject,
        body="Dear patient,\nplease see what we wrote.",
        state=state,
        user=user,
        provider=provider,
    )
    if state == 1:
        note = "Email sent: Your question"
        log_contact(office, person, when, "comm.call", note, mode=EMAIL, user=user)
    if desk.random() < 0.5:
        answer = (2, 3, 4, 5)[int(desk.random() * 4)]
        later = when + timedelta(hours=9)
        thanks = {"subject": f"Re: {subject}", "body": "Thank you!"}
        send_email(office, person, later, "Reply", **thanks, state=answer)


def _mass_messages(circle: Circle) -> None:
    """The same text to many people within minutes, twice a year."""
    office, position = circle.head.office, circle.number % 97
    for n, day in enumerate(broadcast_days(office)):
        words = f"We are closed from {day + timedelta(days=3)}. Have a good holiday!"
        for person in circle.people:
            chosen = (person.key + n) % 5 == 0 and person.status == 0
            if chosen and person.takes_texts(day):
                when = at(day, 11 * 60) + timedelta(seconds=position)
                send_text(office, person, when, 24, words, batch=f"all-{n}")


def broadcast_days(office: Office) -> list[date]:
    """When everybody is written to."""
    days, day = [], office.messages_since + timedelta(days=30)
    while day < office.until:
        days.append(day)
        day += timedelta(days=182)
    return days


def _about_a_referral(person: Person) -> None:
    """A contact with a referral, about no patient."""
    office = person.office
    when = moment(office.until - timedelta(days=20 + person.key % 200), person.desk)
    note = "Sent the x-rays, they will call the patient."
    log_contact(
        office, None, when, "", note, mode=PHONE, user=office.users[0], referral=office.referrals[0]
    )


def _plan_a_call(person: Person) -> None:
    """A contact entered before it happened."""
    office = person.office
    when = moment(office.until + timedelta(days=3 + person.key % 30), person.desk)
    note = "Call about the cleaning."
    log_contact(office, person, when, "comm.recall", note, mode=PHONE, user=office.users[2])


def _from_nobody(person: Person) -> None:
    """A text and an email that match no patient."""
    office, rng = person.office, stream(person.office.seed, "nobody", person.key)
    when = moment(office.until - timedelta(days=3 + int(rng.random() * 100)), rng)
    receive_text(office, None, when, "Who is this?")
    offer = {"subject": "Offer", "body": "Buy our gloves."}
    send_email(office, None, when, "Undefined", **offer, state=2)
