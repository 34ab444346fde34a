"""The clock stands still while the person is asked to prove who they are (art. 12(6)): from question to answer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from avgflow import terms
from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import clock, events, locks, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status
from avgflow.terms import Hold


class NothingToAsk(AvgflowError):
    """A question was recorded of a request that does not wait for who asks it."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} waits for nothing that its person was asked for, so its term runs on. `avgflow request show "
            f"{number}` says where it stands."
        )


class WrongDay(AvgflowError):
    """A question was recorded on a day on which it cannot have been asked."""

    def __init__(self, number: str, received: date) -> None:
        super().__init__(f"{number} came in on {received}: the person was asked between that day and today.")


class WrongReminder(AvgflowError):
    """A reminder was recorded on a day on which there was nothing to remind of."""

    def __init__(self, number: str, asked: date) -> None:
        super().__init__(f"The person of {number} was asked on {asked}, and reminded between that day and today.")


class AskedLate(AvgflowError):
    """A question was asked when the term had run out."""

    def __init__(self, number: str, last: date) -> None:
        super().__init__(f"The month of {number} ended on {last}; a question after that does not stop its clock.")


def ask(env: Environment, number: str, on: date | None, actor: str) -> date:
    """Record that the person was asked for proof (today unless another day is given): the term stands still from then,
    and that of the requests that came in with this one, for one answer serves all.

    The day since which it stands still; an open question that is on record already stays as it is.
    """
    today = day_in_amsterdam()
    with transaction(env.register) as register:
        same = [one.number for one in requests.together(register, number) if one.verified_by is None]
        locks.lock(register, [number, *same])
        request = requests.get(register, number)
        if request.status is not Status.WAITING or request.verified_by is not None:
            raise NothingToAsk(number)
        standing = clock.of(register, [number])[number]
        if standing.asked:
            return standing.asked
        asked = on or today
        if not request.received <= asked <= today:
            raise WrongDay(number, request.received)
        last = terms.nominal(request.received, standing.holds)
        if asked > last:
            raise AskedLate(number, last)
        clocks = clock.of(register, [number, *same])
        for each in (one for one in clocks if clocks[one].asked is None):
            clock.stop(register, env.keyring, each, asked, actor)
    return asked


def remind(env: Environment, number: str, on: date | None, actor: str) -> date:
    """Record that the person was asked once more (today unless another day is given); the day."""
    today = day_in_amsterdam()
    with transaction(env.register) as register:
        locks.lock(register, [number])
        request = requests.get(register, number)
        asked = clock.of(register, [number])[number].asked
        if request.verified_by is not None or asked is None:
            raise NothingToAsk(number)
        day = on or today
        if not asked <= day <= today:
            raise WrongReminder(number, asked)
        events.append(register, env.keyring, EventName.PERSON_REMINDED, number, actor, {"on": day.isoformat()})
    return day


def answered(env: Environment, register: Connection, request: Request, actor: str) -> None:
    """The person proved who they are: the term runs again, later by the days that it stood still."""
    standing = clock.of(register, [request.number])[request.number]
    if standing.asked is None:
        return
    today = day_in_amsterdam()
    term = terms.term(request.received, standing.pauses(today), env.policy.calendar)
    clock.resume(register, env.keyring, request.number, Hold(standing.asked, today), term, actor)
