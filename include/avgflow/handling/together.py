"""Requests that came in together: one verification serves all, so the others wait until the first has it."""

from __future__ import annotations

from avgflow.handling.approving import Wait, poll
from avgflow.handling.environment import Environment
from avgflow.handling.over import refuse_closed
from avgflow.handling.turns import Pause
from avgflow.register import declines, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status


def wait(env: Environment, number: str) -> Wait | None:
    """None where the request asks for a verification of its own, or has one; else when to look again."""
    with transaction(env.register) as register:
        request = requests.get(register, number)
        if request.together is None or request.verified_by is not None:
            return None
        first = requests.get(register, request.together)
        done = first.status in (Status.STOPPED, Status.CLOSED) or declines.is_confirmed(register, first.number)
        if first.verified_by is not None or done:
            return None
        waiting = requests.set_status(
            register,
            env.keyring,
            number,
            Status.WAITING,
            waiting_for=Pause.TOGETHER,
            reason=f"It came in with {first.number}; whoever verifies that one verifies this one.",
            detail={"first": first.number},
            event=EventName.REQUEST_QUEUED,
        )
        refuse_closed(waiting)
    return poll(env, Pause.TOGETHER)
