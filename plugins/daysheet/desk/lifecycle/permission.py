"""Which rule of the lifecycle a wished change goes by, or why it goes by none."""

from dataclasses import dataclass, replace

from daysheet.desk.actors import Actor, DeskRole
from daysheet.desk.cases import Case, Facts
from daysheet.desk.lifecycle.transitions import STATUSES, TRANSITIONS, Transition
from daysheet.desk.refusals import Refused, missing, no_right, not_possible

LONGEST_REASON = 500


def rule_for(case: Case) -> Transition:
    """The rule by which the change may be made now: the right is there, every guard is content.

    Raises :class:`Refused`.
    """
    facts, details, actor = case.facts, case.details, case.actor
    if not actor.is_system:
        actor.needs(DeskRole.BILLER, "changing a status")
    if case.to == facts.billing_status:
        raise _refused(case, "no_change", f"it is {case.to} already")
    rules = [
        rule
        for rule in TRANSITIONS
        if rule.leads(facts.billing_status, case.to) and rule.only(case)
    ]
    if not rules:
        raise _refused(case, "not_allowed", f"{facts.billing_status} is not followed by that")
    rule = next((rule for rule in rules if rule.is_open_to(actor, details.via)), None)
    if rule is None:
        raise _no_right(case, rules[0])
    _check_entered(case, rule)
    try:
        for guard in rule.guards:
            guard(case)
    except Refused as refused:
        if refused.status == 422 and refused.field is None:
            refused.allowed = allowed_statuses(facts, actor)
        raise
    return rule


def _refused(case: Case, code: str, problem: str) -> Refused:
    return Refused(422, code, problem, allowed=allowed_statuses(case.facts, case.actor))


def _no_right(case: Case, rule: Transition) -> Refused:
    if case.actor.is_system or rule.who.least is None:
        return no_right(f"{case.facts.billing_status} to {case.to} is not theirs to do")
    least = rule.who.least.name.lower()
    return no_right(f"{case.facts.billing_status} to {case.to} needs the role {least}")


def _check_entered(case: Case, rule: Transition) -> None:
    details, facts = case.details, case.facts
    for field in rule.asks:
        given = getattr(details, field)
        if isinstance(given, str):
            given = given.strip() or None
        # the line of a file is reason enough
        if given is None and not (field == "reason" and case.actor.is_system):
            raise missing(field)
    if details.reason is not None and len(details.reason) > LONGEST_REASON:
        raise not_possible("too_long", f"at most {LONGEST_REASON} characters", field="reason")
    if details.on is not None and details.on > facts.today:
        raise not_possible("future_date", "the day is in the future", field="on")
    if details.on is not None and details.on < facts.service_on:
        raise not_possible("before_service", "the day is before the service", field="on")


@dataclass(frozen=True)
class NextStep:
    """Where somebody with the right could move a session; ``obstacle`` is why not now, if not.

    ``exception`` is what a lead would have to set aside for it, saying why.
    """

    status: str
    rule: Transition
    obstacle: str | None
    exception: str | None = None


def allowed_statuses(facts: Facts, actor: Actor) -> tuple[str, ...]:
    """Where the actor could move it now, in the lifecycle's order; nothing is entered yet."""
    return tuple(step.status for step in next_steps(facts, actor) if step.obstacle is None)


def next_steps(facts: Facts, actor: Actor) -> list[NextStep]:
    """Whatever the lifecycle lets the actor do next, in its order, and what is in the way of it."""
    found = (_next_step(Case(facts, status, actor, is_trial=True)) for status in STATUSES)
    return [step for step in found if step is not None]


def _next_step(case: Case) -> NextStep | None:
    blocked = None
    for rule in TRANSITIONS:
        if (
            rule.leads(case.facts.billing_status, case.to)
            and rule.only(case)
            and rule.is_open_to(case.actor, via=None)
        ):
            obstacle = _obstacle(rule, case)
            if obstacle is None:
                return NextStep(case.to, rule, None, _exception(rule, case))
            blocked = NextStep(case.to, rule, obstacle)
    return blocked


def _obstacle(rule: Transition, case: Case) -> str | None:
    try:
        for guard in rule.guards:
            guard(case)
    except Refused as refusal:
        return refusal.problem
    return None


def _exception(rule: Transition, case: Case) -> str | None:
    """What would stop a biller where it does not stop a lead."""
    if "override" not in rule.takes or not case.actor.may(DeskRole.LEAD):
        return None
    return _obstacle(rule, replace(case, actor=replace(case.actor, role=DeskRole.BILLER)))
