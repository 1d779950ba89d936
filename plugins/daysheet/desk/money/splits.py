"""How a payment is split over sessions, put right by a person."""

from collections.abc import Collection, Sequence
from uuid import UUID

import psycopg

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import BY_HAND, Origin
from daysheet.desk.ledger.balances import Balance
from daysheet.desk.money.live_allocations import live_of_payment, lock_sessions_of, undo_allocations
from daysheet.desk.money.payments import Allocation, Posting, post
from daysheet.desk.money.settlement import Moved, settle
from daysheet.desk.receipts import lock_payment
from daysheet.desk.refusals import conflict


def correct_split(
    connection: psycopg.Connection,
    actor: Actor,
    payment_id: UUID,
    undone: Collection[UUID],
    allocations: Sequence[Allocation],
) -> dict[UUID, Balance]:
    """Undo live allocations of a payment (their ids) and allocate anew, in one step.

    Raises a 409 if one of them was undone meanwhile.
    """
    actor.needs(DeskRole.BILLER, "correcting a split")
    with connection.transaction():
        wanted = {each.session_id for each in allocations}
        before = lock_sessions_of(connection, payment_id, wanted)
        payment = lock_payment(connection, payment_id)
        live = live_of_payment(connection, payment_id)
        taken = [(each, each.amount) for each in live if each.allocation_id in undone]
        if len(taken) < len(set(undone)):
            raise conflict("an allocation was undone meanwhile: look again", "already_undone")
        origins = {Origin(each.file_id, each.line) for each, _ in taken}
        undo_allocations(connection, actor, payment_id, taken)
        origin = origins.pop() if len(origins) == 1 else BY_HAND
        posting = Posting(payment_id, allocations, origin)
        after = post(connection, actor, [(payment, posting)], before)
        lost = {each.session_id: Moved("reversal") for each, _ in taken}
        lost = {key: moved for key, moved in lost.items() if key not in wanted}
        return after | (settle(connection, actor, before, lost) if lost else {})
