"""The step between plan and stores of a right that changes them: whose turn it is, who approves which plan, and the
time to think it over.

What is approved is the digest of a plan. The plan is made anew each time, so that one whose world has changed since is
another plan, and asks for another approval.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import planning, rehearsing, second_officer, turns
from avgflow.handling.environment import Environment
from avgflow.handling.over import refuse_closed
from avgflow.handling.turns import NotItsTurn, Pause
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting, ask
from avgflow.intake import Right
from avgflow.register import approvals, events, locks, plans, requests
from avgflow.register.approvals import Approval
from avgflow.register.database import transaction
from avgflow.register.events import Event
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing
from avgflow.register.requests import Status

SHOWN = 12
"""As much of a plan's digest as people read and type."""

_NAMED = re.compile(rf"[0-9a-f]{{{SHOWN},64}}")


class StillCoolingOff(AvgflowError):
    """A store was to be changed while the person may still think it over."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The cooling-off time of {number} is not over. Clear task 'approve' and what follows, which waits for it."
        )


@dataclass(frozen=True)
class Wait:
    """A request goes on at a later moment by itself; nobody has to do anything."""

    until: datetime
    pause: Pause


def approve(env: Environment, number: str) -> Question | Wait | None:
    """None where the stores may be changed now: the request has its turn, its plan is approved as it is, and the time
    to think it over is past.
    """
    if turns.wait(env, number):
        return poll(env, Pause.EARLIER)
    plan = planning.make(env, [number])[number]
    rehearsing.rehearse(env, plan)
    with transaction(env.register) as register:
        approval = approvals.approval(register, number)
        if approval is None or approval.digest != plan.digest:
            question = Question(number, Waiting.APPROVAL)
            ask(env, register, question)
            return question
        right = requests.get(register, number).right
    until = _until(env, approval, right)
    if datetime.now(UTC) < until:
        return _cool_off(env, number, until)
    return poll(env, Pause.EARLIER) if turns.begin(env, number) else None


def take(env: Environment, number: str, named: object, actor: str) -> None:
    """Record that a human approves the newest plan; `named` is what they call it by, the first of its digest.

    `ChoiceRefused` where that is another plan, or where this human may not approve it.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        digest = plans.get_plan(register, env.keyring, number).digest
        _refuse_another(number, named, digest)
        refuse_alone(env, events.history(register, number), actor, f"To approve the plan of {number}")
        approvals.put_approval(register, env.keyring, number, digest, actor)


def check(env: Environment, number: str, named: str | None, actor: str) -> str:
    """What the newest plan is called by, for whoever is about to approve it; `ChoiceRefused` as `take`."""
    with transaction(env.register) as register:
        digest = plans.get_plan(register, env.keyring, number).digest
        if named is not None:
            _refuse_another(number, named, digest)
        refuse_alone(env, events.history(register, number), actor, f"To approve the plan of {number}")
    return digest[:SHOWN]


def refuse(env: Environment, number: str, actor: str) -> None:
    """Record that a human refuses the newest plan; the request is stopped."""
    with transaction(env.register) as register:
        digest = plans.get_plan(register, env.keyring, number).digest
        approvals.put_refusal(register, env.keyring, number, digest, actor)


def require(env: Environment, number: str) -> None:
    """`StillCoolingOff` or `NotItsTurn` unless it is time to change the stores for this request, whatever happened to
    the task before (Airflow lets a user mark one as successful, or clear one store's alone). That the plan is approved
    the store work itself sees to.
    """
    with transaction(env.register) as register:
        approval = approvals.approval(register, number)
        right = requests.get(register, number).right
    if approval is not None and datetime.now(UTC) < _until(env, approval, right):
        raise StillCoolingOff(number)
    if first := turns.begin(env, number):
        raise NotItsTurn(number, first[0].number)


def approved(env: Environment, register: Connection, number: str) -> bool:
    """Whether the newest plan of a request is the one that was approved."""
    try:
        newest = plans.get_plan(register, env.keyring, number).digest
    except PlanMissing:
        return False
    standing = approvals.approval(register, number)
    return standing is not None and standing.digest == newest


def _until(env: Environment, approval: Approval, right: Right) -> datetime:
    """Only what is erased cannot be had back; a correction can be corrected again."""
    if right is not Right.ERASURE:
        return approval.at
    return approval.at + timedelta(days=env.policy.erasure.cooling_off_days)


def poll(env: Environment, pause: Pause) -> Wait:
    """To look again soon whether what a request waits for has come about."""
    return Wait(datetime.now(UTC) + timedelta(seconds=env.settings.queue_seconds), pause)


def _cool_off(env: Environment, number: str, until: datetime) -> Wait:
    moment = until.astimezone(AMSTERDAM)
    with transaction(env.register) as register:
        waiting = requests.set_status(
            register,
            env.keyring,
            number,
            Status.WAITING,
            waiting_for=Pause.COOLING_OFF,
            reason=f"Work on the stores begins on {moment:%Y-%m-%d} at {moment:%H:%M}; it can be withdrawn until then.",
            detail={"until": f"{moment:%Y-%m-%d}"},
            event=EventName.REQUEST_COOLING_OFF,
        )
    refuse_closed(waiting)
    return Wait(until, Pause.COOLING_OFF)


def _refuse_another(number: str, named: object, digest: str) -> None:
    if not isinstance(named, str) or not _NAMED.fullmatch(named := named.strip().lower()):
        raise ChoiceRefused(
            f"Say which plan you approve: the {SHOWN} signs that `avgflow request show {number} --plan` ends with.",
            f"Zeg welk plan u goedkeurt: de {SHOWN} tekens van het plan.",
        )
    if not digest.startswith(named):
        raise ChoiceRefused(
            f"That is not the newest plan of {number}. Look at it anew: `avgflow request show {number} --plan`.",
            "Dit is niet het nieuwste plan. Bekijk het opnieuw.",
        )


def refuse_alone(env: Environment, history: Sequence[Event], actor: str, what: str) -> None:
    """`ChoiceRefused` where another officer than who registered the request has to do this."""
    registered = {event.actor for event in history if event.name == EventName.REQUEST_REGISTERED}
    second_officer.require(env, registered, actor, what, second_officer.REGISTERED)
