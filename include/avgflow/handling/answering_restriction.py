"""The letter to whose data are restricted, and all that goes with it; made once, however often this runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.dossier import restriction
from avgflow.dossier.restriction import RestrictionAnswer
from avgflow.fields import AMSTERDAM
from avgflow.handling import answering_erasure, notifying, planning, suppressing
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.intake import RestrictionGround, day_in_amsterdam
from avgflow.plan import Plan
from avgflow.policy.recipients import Recipient
from avgflow.register import events, outbox, requests, restrictions
from avgflow.register.names import EventName
from avgflow.register.notices import Told


def run(env: Environment, number: str) -> Sequence[str]:
    """Put the letter and what belongs to it in the outbox; the Message-IDs, the person's first.

    `NotProven` before the re-count has passed.
    """
    return answering_erasure.once(env, number, _make)


def of_request(env: Environment, register: Connection, number: str, name: str | None) -> RestrictionAnswer:
    """What a restriction is answered with, as it stands on the register."""
    plan = planning.newest(env, register, number)
    request = requests.get(register, number)
    begun = [one.begun_at for one in restrictions.of_request(register, number)]
    return restriction.of_plan(
        plan,
        env.catalog,
        env.policy,
        RestrictionGround(str(request.ground)),
        addresses=sum(len(suppressing.addresses(plan, channel)) for channel in plan.suppress),
        language=request.language.value,
        name=name,
        received=request.received,
        restricted_on=min(begun).astimezone(AMSTERDAM).date() if begun else day_in_amsterdam(),
    )


def inform(
    env: Environment, register: Connection, plan: Plan, told: Sequence[Recipient], classes: Collection[str]
) -> Sequence[Recipient]:
    """Tell recipients of the restriction of these classes; those that a human has to tell."""
    return notifying.notify(env, register, plan, Told.RESTRICTED, told, restriction.titles(env.policy, classes))


def _make(env: Environment, register: Connection, number: str) -> None:
    answering_erasure.proof(env, register, number)
    plan = planning.newest(env, register, number)
    subject = requests.subject(register, env.keyring, number)
    answer = of_request(env, register, number, subject.name)
    held = {str(step.record_class) for step in (*plan.steps, *plan.done) if step.action in ("restrict", "list")}
    by_hand = inform(env, register, plan, answer.told, held)
    mail = letters.restriction_mail(answer, letters.addressee(subject), env.templates)
    outbox.enqueue(register, env.keyring, number, ANSWER, subject.email, mail)
    notifying.leave_to_officer(env, register, number, Told.RESTRICTED, by_hand, Told.RESTRICTED)
    detail = {
        "marked": sum(step.rows for step in (*plan.steps, *plan.done) if step.action == "restrict"),
        "listed": sum(step.rows for step in plan.steps if step.action == "list"),
        "outcome": answer.outcome,
    }
    events.append(register, env.keyring, EventName.ANSWER_MADE, number, detail=detail)
