"""What a human decides of a request that waits, whatever the entry (command line, page).

It is looked at whether it fits, then given to Airflow as the answer to its question; the task that waits for it puts it
on the register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from avgflow import answers
from avgflow.answers import GO_ON, STOP
from avgflow.errors import AvgflowError
from avgflow.fields import choice
from avgflow.handling import approving, candidates, coding, verifying, weighing
from avgflow.handling.environment import Environment
from avgflow.handling.registering import DAGS
from avgflow.handling.waiting import Waiting
from avgflow.intake import UnknownVerification, Verification
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status
from avgflow.register.weighings import Refusal

OF_A_PLAN = (Waiting.APPROVAL, Waiting.REFUSAL)
"""What is answered by naming the plan."""


class CodeNotTaken(AvgflowError):
    """A code was right, but the request does not go on yet."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"The code is right, and that is on record, but {number} does not go on yet. {why} Then: avgflow request "
            f"verify {number} --verified-by {Verification.KNOWN_EMAIL}"
        )


class NotWaiting(AvgflowError):
    """A request waits for something else than what was answered."""

    def __init__(self, number: str, waiting_for: str | None) -> None:
        what = f"waits for {waiting_for}" if waiting_for else "waits for no answer"
        super().__init__(f"{number} {what}; `avgflow request show {number}` says what is to be done.")


def verify(env: Environment, number: str, verified_by: str | None) -> bool:
    """Say how it was made sure who asks. As all of these: whether the answer was taken yet (`answers.give`), and
    `NotWaiting` where the request waits for something else.
    """
    request = _waiting(env, number, Waiting.VERIFICATION, Waiting.MANDATE, Waiting.DECLINE)
    method = choice(Verification, verified_by, UnknownVerification)
    verifying.require_fitting(request, method)
    return _give(env, request, GO_ON, {"verified_by": method})


def verify_by_code(env: Environment, number: str, code: str, actor: str) -> bool:
    """Give the code that the person told; `CodeNotTaken` where it is right and the request does not go on by it."""
    request = _waiting(env, number, Waiting.VERIFICATION, Waiting.MANDATE, Waiting.DECLINE)
    coding.check(env, number, code, actor)
    try:
        return _give(env, request, GO_ON, {"verified_by": Verification.KNOWN_EMAIL})
    except AvgflowError as fault:
        raise CodeNotTaken(number, str(fault)) from None


def choose(env: Environment, number: str, persons: Sequence[int]) -> bool:
    """Say which of the candidates the person is."""
    request = _waiting(env, number, Waiting.CHOICE)
    candidates.check(env, number, persons)
    return _give(env, request, GO_ON, {"persons": ",".join(map(str, persons))})


def approve(env: Environment, number: str, plan: str | None, actor: str) -> bool:
    """Go on: the plan is approved, a refusal agreed to, an unknown address accepted, or a package handed over.

    `plan`: what the plan is called by, where it is to be exactly that one; else the newest.
    """
    fitting = OF_A_PLAN if plan is not None else (*OF_A_PLAN, Waiting.ADDRESS, Waiting.HANDOVER)
    request = _waiting(env, number, *fitting)
    inputs = {}
    if request.waiting_for in OF_A_PLAN:
        inputs["plan"] = approving.check(env, number, plan, actor)
    return _give(env, request, GO_ON, inputs)


def go_on(env: Environment, number: str) -> bool:
    """Go on where no plan is in question: an unknown address is accepted, or a package was handed over."""
    return _give(env, _waiting(env, number, Waiting.ADDRESS, Waiting.HANDOVER), GO_ON, {})


def refuse(env: Environment, number: str) -> bool:
    """Refuse the plan: nothing is changed, and the request is stopped."""
    return _give(env, _waiting(env, number, Waiting.APPROVAL), STOP, {})


def weigh(env: Environment, number: str, said: str, actor: str) -> tuple[Mapping[str, Refusal | None], bool]:
    """Say how an objection is weighed, class by class; the outcome of each with it."""
    request = _waiting(env, number, Waiting.WEIGHING)
    outcomes = weighing.check(env, number, said, actor)
    return outcomes, _give(env, request, GO_ON, {"outcomes": said})


def stop(env: Environment, number: str) -> bool:
    """Stop work on a request that waits: it stays open, and its term runs on."""
    return _give(env, _waiting(env, number, *Waiting), STOP, {})


def _waiting(env: Environment, number: str, *fitting: Waiting) -> Request:
    """A request that waits for one of these; `NotWaiting` otherwise."""
    with transaction(env.register) as register:
        request = requests.get(register, number)
    if request.status is not Status.WAITING or request.waiting_for not in fitting:
        raise NotWaiting(number, request.waiting_for)
    return request


def _give(env: Environment, request: Request, option: str, inputs: Mapping[str, Any]) -> bool:
    return answers.give(env, env.airflow, DAGS[request.right], request.number, option, inputs)
