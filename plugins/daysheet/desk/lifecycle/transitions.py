"""The billing-status lifecycle as one table: what may follow what, by whom, and on which terms."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import Case, Stamps
from daysheet.desk.lifecycle import effects as do
from daysheet.desk.lifecycle import guards as must
from daysheet.desk.lifecycle import stamps as set_
from daysheet.desk.lifecycle.appeals import file_appeal, lose_appeal
from daysheet.desk.lifecycle.denials import end_denial, open_denial, reopen_denial, win_appeal

STATUSES = (
    "scheduled", "completed", "documented", "ready_to_bill", "submitted", "pending", "approved",
    "paid", "denied", "appealing", "client_responsibility", "written_off", "voided",
)  # fmt: skip


@dataclass(frozen=True)
class Who:
    """Who may: people from ``least`` up (None: nobody), and the system or not."""

    least: DeskRole | None
    system: bool


SYSTEM = Who(None, system=True)
BILLER = Who(DeskRole.BILLER, system=False)
LEAD = Who(DeskRole.LEAD, system=False)
SYSTEM_OR_BILLER = Who(DeskRole.BILLER, system=True)
SYSTEM_OR_LEAD = Who(DeskRole.LEAD, system=True)


@dataclass(frozen=True)
class Transition:
    """One rule of the lifecycle.

    ``asks`` names the fields of :class:`~daysheet.desk.cases.Details` that have to be entered; a
    file or a DAG need give no reason. ``takes`` names those that may be, some of which a guard asks
    for. ``only`` narrows which sessions the rule is about, where another rule covers the rest.
    ``via`` is the movement of money that lets any biller use it.
    """

    number: int
    origins: str
    targets: str
    who: Who
    asks: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    only: Callable[[Case], bool] = lambda _: True
    guards: tuple[Callable[[Case], None], ...] = ()
    stamps: tuple[Callable[[Case], Stamps], ...] = ()
    effects: tuple[Callable[[psycopg.Connection, Case], Stamps | None], ...] = ()
    via: str | None = None

    def leads(self, status: str, to: str) -> bool:
        """Whether it is about that step."""
        return status in self.origins.split() and to in self.targets.split()

    def is_open_to(self, actor: Actor, via: str | None) -> bool:
        """Whether the actor may take the step, given what money was moved."""
        if actor.is_system:
            return self.who.system
        least = self.who.least
        if via is not None and via == self.via:
            least = DeskRole.BILLER
        return least is not None and actor.may(least)


def _unsent_if_ready(case: Case) -> bool:
    return case.facts.billing_status != "ready_to_bill" or not case.facts.was_sent


def _sent_if_ready(case: Case) -> bool:
    return case.facts.billing_status != "ready_to_bill" or case.facts.was_sent


TRANSITIONS = (
    Transition(
        1, "scheduled", "completed", SYSTEM_OR_BILLER,
        guards=(must.service_reached,),
    ),
    Transition(
        2, "scheduled completed documented ready_to_bill client_responsibility", "voided", BILLER,
        asks=("reason",), only=_unsent_if_ready,
        guards=(must.no_live_money,),
        effects=(do.close_all_items,),
    ),
    Transition(
        3, "completed", "documented", SYSTEM_OR_BILLER,
        takes=("on",),
        guards=(must.note_is_there,),
        stamps=(set_.note_dated,),
    ),
    Transition(
        4, "completed", "ready_to_bill", BILLER,
        takes=("on", "override", "reason"),
        guards=(must.note_is_of_the_day, must.ready),
        stamps=(set_.note_dated,),
        effects=(do.own,),
    ),
    Transition(
        5, "documented", "ready_to_bill", BILLER,
        takes=("override", "reason"),
        guards=(must.ready,),
        effects=(do.own,),
    ),
    Transition(
        6, "ready_to_bill", "documented", BILLER,
        asks=("reason",),
        guards=(must.never_sent,),
    ),
    Transition(
        7, "ready_to_bill", "submitted", BILLER,
        asks=("on",), takes=("portal_id", "override", "reason"),
        guards=(must.sent_by_a_known_way, must.claim_not_open_elsewhere),
        stamps=(set_.sent,),
        effects=(do.send, do.close_billing_items),
    ),
    Transition(
        8, "completed documented ready_to_bill", "submitted", SYSTEM,
        guards=(must.evidence_of_sending,),
        stamps=(set_.sent,),
        effects=(do.close_billing_items,),
    ),
    Transition(
        9, "submitted pending", "ready_to_bill", SYSTEM_OR_BILLER,
        asks=("reason",),
        stamps=(set_.unclean,),
        effects=(do.rejected, end_denial("corrected_claim")),
    ),
    Transition(
        10, "submitted", "pending", SYSTEM_OR_BILLER,
        stamps=(set_.first_money,),
        effects=(do.accepted,),
    ),
    Transition(
        11, "submitted pending", "approved", SYSTEM_OR_BILLER,
        takes=("amount",),
        guards=(must.allowed_is_money,),
        stamps=(set_.adjudicated("approved"), set_.allowed_amount),
        effects=(do.accepted, end_denial("approved")),
    ),
    Transition(
        12, "approved", "pending", BILLER,
        asks=("reason",),
    ),
    Transition(
        13,
        "completed documented ready_to_bill submitted pending approved denied appealing", "paid",
        SYSTEM_OR_BILLER,
        guards=(must.settled,),
        stamps=(set_.paid, set_.disposed),
        effects=(do.close_disposition, do.accepted, end_denial("paid")),
        via="posting",
    ),
    Transition(
        14, "submitted pending approved", "denied", SYSTEM_OR_BILLER,
        asks=("on", "category"), takes=("carc", "group_code", "note"),
        guards=(must.denial_is_known,),
        stamps=(set_.denied, set_.adjudicated("denied")),
        effects=(do.accepted, open_denial),
    ),
    Transition(
        15, "denied", "appealing", BILLER,
        asks=("level", "on", "method"), takes=("due_on", "override", "reason"),
        guards=(must.next_level, must.appeal_in_time),
        effects=(file_appeal,),
    ),
    Transition(
        16, "denied", "ready_to_bill", BILLER,
        asks=("reason",),
        stamps=(set_.unclean,),
        effects=(end_denial("corrected_claim"),),
    ),
    Transition(
        17, "appealing", "pending submitted", BILLER,
    ),
    Transition(
        18, "appealing", "approved", BILLER,
        asks=("decision",), takes=("on",),
        guards=(must.appeal_won,),
        effects=(win_appeal,),
    ),
    Transition(
        19, "appealing", "denied", BILLER,
        asks=("decision",), takes=("on",),
        guards=(must.appeal_lost,),
        stamps=(set_.appeal_upheld,),
        effects=(lose_appeal,),
    ),
    Transition(
        20, "submitted pending approved denied appealing", "client_responsibility",
        SYSTEM_OR_BILLER,
        takes=("group_code", "reason"),
        guards=(must.patients_share,),
        stamps=(set_.adjudicated("patient"), set_.disposed),
        effects=(do.close_disposition, do.accepted, do.bill_client, end_denial("client")),
    ),
    Transition(
        21, "completed documented ready_to_bill", "client_responsibility", SYSTEM_OR_BILLER,
        asks=("reason",),
        guards=(must.nothing_insured,),
    ),
    Transition(
        22, "client_responsibility", "documented", BILLER,
        takes=("payer_id",),
        guards=(must.covered,),
        stamps=(set_.payer_given, set_.to_be_billed),
        effects=(do.bill_payer_instead,),
    ),
    Transition(
        23,
        "completed documented ready_to_bill submitted pending approved denied appealing",
        "written_off", SYSTEM_OR_LEAD,
        asks=("reason",),
        guards=(must.owed, must.no_open_appeal),
        stamps=(set_.disposed,),
        effects=(do.close_disposition, do.write_off, end_denial("written_off")),
    ),
    Transition(
        24, "written_off", "pending", LEAD,
        asks=("reason",),
        effects=(do.reinstate,),
    ),
    Transition(
        24, "written_off", "denied", LEAD,
        asks=("reason",), takes=("on", "category", "carc", "group_code", "note"),
        guards=(must.denied_before, must.denial_is_known),
        stamps=(set_.denied_as_before,),
        effects=(do.reinstate, reopen_denial),
    ),
    Transition(
        25, "paid", "pending", SYSTEM_OR_LEAD,
        asks=("reason",),
        guards=(must.taken_back,),
        stamps=(set_.unpaid,),
        via="reversal",
    ),
    Transition(
        26, "paid", "denied", LEAD,
        asks=("on", "category"), takes=("carc", "group_code", "note"),
        guards=(must.denial_is_known,),
        stamps=(set_.unpaid, set_.denied, set_.adjudicated("denied")),
        effects=(open_denial,),
    ),
    Transition(
        27, "ready_to_bill submitted pending approved denied appealing", "voided", LEAD,
        asks=("reason",), only=_sent_if_ready,
        guards=(must.no_live_money,),
        effects=(end_denial("voided"), do.close_all_items),
    ),
    Transition(
        28, "voided", "completed", LEAD,
        asks=("reason",),
        stamps=(set_.to_be_billed,),
    ),
)  # fmt: skip
