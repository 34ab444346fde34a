"""Whose turn it is: requests of one person that change the stores are carried out one after the other.

An access request goes first, for it asks what is there now; of two requests that change the stores the one with the
lower number does. Whoever has begun is not interrupted. An objection and a restriction wait for nobody's turn, for they
work at once (art. 18, 21(3)): they only keep out of the way of who is at work in the stores, and others of them while
they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.handling.over import Declined, refuse_closed
from avgflow.handling.ways import WAYS
from avgflow.intake import Right
from avgflow.register import declines, events, locks, requests, subjects
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status


class Pause(StrEnum):
    """What a request waits for where no human has to do anything, as it stands on the register."""

    EARLIER = "earlier-request"
    COOLING_OFF = "cooling-off"
    TOGETHER = "verification-of-first"


BEGUN = {
    Right.ERASURE: EventName.ERASURE_BEGUN,
    Right.OBJECTION: EventName.OBJECTION_BEGUN,
    Right.RECTIFICATION: EventName.RECTIFICATION_BEGUN,
    Right.RESTRICTION: EventName.RESTRICTION_BEGUN,
}
"""The event with which a right that changes stores begins its work there."""


class NotItsTurn(AvgflowError):
    """Another request of the same person is at work in the stores; worth another try later."""

    def __init__(self, number: str, first: str) -> None:
        super().__init__(
            f"{first} of the same person is at work; {number} goes on after it. "
            f"If it takes long, see `avgflow request show {first}`, then clear this task."
        )


def ahead(register: Connection, number: str) -> Sequence[Request]:
    """The open, verified requests of the same person that go before this one, in their order; none once it has
    begun.
    """
    if begun(register, number):
        return []
    others = {one.number: one for one in (*subjects.open_of_same(register, number), *_came_first(register, number))}
    at_once = requests.get(register, number).right in AT_ONCE
    return sorted(
        (
            other
            for other in others.values()
            if at_work(register, other)
            or (
                not (at_once or other.right in AT_ONCE)
                and (not _changes(other) or _order(other.number) < _order(number))
            )
        ),
        key=lambda other: (_changes(other), _order(other.number)),
    )


def wait(env: Environment, number: str) -> Sequence[Request]:
    """As `ahead`; where there are any, the request is on the register as waiting for the first of them."""
    with transaction(env.register) as register:
        return _wait(env, register, number)


def begin(env: Environment, number: str) -> Sequence[Request]:
    """Begin, unless another request goes first: then those, as `wait`. Of two at once one begins and the other waits.

    `Withdrawn` where the person took the request back, `Declined` where it is not carried out.
    """
    with transaction(env.register) as register:
        # All of them, so that whoever else of these would begin waits here and then sees what became of it.
        same = [other.number for other in subjects.open_of_same(register, number)]
        locks.lock(register, [number, *same])
        refuse_closed(requests.get(register, number))
        if declines.is_confirmed(register, number):
            raise Declined(number)
        if begun(register, number):
            return []
        first = _wait(env, register, number)
        if not first:
            events.append(register, env.keyring, BEGUN[requests.get(register, number).right], number)
            requests.set_status(register, env.keyring, number, Status.RUNNING)
        return first


def begun(register: Connection, number: str) -> bool:
    """Whether a request is at work in the stores: it had its turn, and was not stopped since."""
    turn = False
    for event in events.history(register, number):
        if event.name in BEGUN.values():
            turn = True
        elif event.name == EventName.REQUEST_STOPPED:
            turn = False
    return turn


def at_work(register: Connection, request: Request) -> bool:
    """Whether a request is reading or changing the person's rows now, so that another would spoil its re-count."""
    if _changes(request) and request.right not in AT_ONCE:
        return begun(register, request.number)
    first = BEGUN.get(request.right, EventName.PLAN_MADE)
    working = False
    for event in events.history(register, request.number):
        if event.name == first:
            working = True
        elif event.name in _ENDS:
            working = False
    return working


AT_ONCE = frozenset({Right.OBJECTION, Right.RESTRICTION})
"""The rights that wait for nobody's turn."""

_ENDS = (EventName.CHECK_PASSED, EventName.CHECK_FAILED, EventName.STEP_FAILED, EventName.REQUEST_STOPPED)


def _came_first(register: Connection, number: str) -> Sequence[Request]:
    """Requests for the data as they are that came in with this one and have stopped: whoever asked for both wants them
    before anything is changed.
    """
    return [one for one in requests.together(register, number) if one.status is Status.STOPPED and not _changes(one)]


def _wait(env: Environment, register: Connection, number: str) -> Sequence[Request]:
    first = ahead(register, number)
    if first:
        refuse_closed(
            requests.set_status(
                register,
                env.keyring,
                number,
                Status.WAITING,
                waiting_for=Pause.EARLIER,
                reason=f"{first[0].number} of the same person goes first.",
                detail={"first": first[0].number},
                event=EventName.REQUEST_QUEUED,
            )
        )
    return first


def _changes(request: Request) -> bool:
    return request.right not in WAYS or WAYS[request.right].changes


def _order(number: str) -> tuple[int, ...]:
    """Numbers in the order in which they were given out, though a year's hundred thousandth has a digit more."""
    return tuple(map(int, number.split("-")[1:]))
