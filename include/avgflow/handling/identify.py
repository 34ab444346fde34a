"""Step 1: is it sure who asks, and who that is in the stores. Where it is not, a human is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.handling import who_asks
from avgflow.handling.environment import Environment, View
from avgflow.handling.over import refuse_closed
from avgflow.handling.waiting import Question, Waiting, ask
from avgflow.identity import Doubt, Footprint, normal
from avgflow.intake import Verification
from avgflow.policy.who_may_ask import AskMandate, Decline
from avgflow.register import events, identities, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status
from avgflow.stores.resolve import Start, resolve


class NotSettled(AvgflowError):
    """A step was begun while the request waits for a human, or nobody is verified."""

    def __init__(self, number: str, waiting: Waiting) -> None:
        todo = ", then ".join(waiting.commands(number))
        super().__init__(f"{number} waits for a human ({waiting}); no store is read before that. {todo}")


class StillInDoubt(AvgflowError):
    """Who is meant is no longer certain in a later step."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The stores changed: it is no longer certain who {number} is about. "
            f"Clear task 'identify' and what follows."
        )


def identify(env: Environment, numbers: Sequence[str]) -> dict[str, Question | None]:
    """Find each request's person; a `Question` where a human must decide first, None where the request can go on."""
    questions: dict[str, Question | None] = {}
    open_: dict[str, Start] = {}
    with transaction(env.register) as register:
        for number in numbers:
            request = requests.set_status(register, env.keyring, number, Status.RUNNING)
            refuse_closed(request)
            waiting = _unsure(env, register, request)
            if waiting is not None:
                questions[number] = Question(number, waiting)
            else:
                open_[number] = start_of(env, register, number)
    if open_:
        with env.view() as view:
            found = resolve(view.connections, view.places, open_)
        for number, who in found.items():
            questions[number] = _settle(env, number, who)
    return {number: _ask(env, number, questions[number]) for number in numbers}


def start_of(env: Environment, register: Connection, number: str) -> Start:
    """Where the search for a request's person begins: a human's choice if there is one, else the intake."""
    choice = identities.choice(register, env.keyring, number)
    if choice is not None:
        return Start.from_json(choice)
    return Start.given(requests.subject(register, env.keyring, number).identifiers)


def require_settled(env: Environment, numbers: Sequence[str]) -> None:
    """`NotSettled` unless it is sure who asks and who that is, whatever happened to the task before (Airflow lets a
    user mark one as successful).
    """
    with transaction(env.register) as register:
        for number in numbers:
            request = requests.get(register, number)
            if request.verified_by is None:
                raise NotSettled(number, Waiting.VERIFICATION)
            if isinstance(who_asks.standing(env, register, request), Decline):
                raise NotSettled(number, Waiting.DECLINE)
            if request.waiting_for in (Waiting.CHOICE, Waiting.ADDRESS):
                raise NotSettled(number, Waiting(request.waiting_for))


def footprints(env: Environment, view: View, numbers: Sequence[str]) -> dict[str, Footprint]:
    """Who the requests are about, looked up afresh; `StillInDoubt` where that is not certain any more."""
    with transaction(env.register) as register:
        starts = {number: start_of(env, register, number) for number in numbers}
    found: dict[str, Footprint] = {}
    for number, who in resolve(view.connections, view.places, starts).items():
        if isinstance(who, Doubt):
            raise StillInDoubt(number)
        found[number] = who
    return found


def _unsure(env: Environment, register: Connection, request: Request) -> Waiting | None:
    """What a human must do before anybody is looked up."""
    found = who_asks.settle(env, register, request)
    if isinstance(found, Decline):
        return Waiting.DECLINE
    if isinstance(found, AskMandate):
        return Waiting.MANDATE
    return Waiting.VERIFICATION if request.verified_by is None else None


def _settle(env: Environment, number: str, who: Footprint | Doubt) -> Question | None:
    with transaction(env.register) as register:
        if isinstance(who, Doubt):
            identities.put_candidates(register, env.keyring, number, who.candidates)
            return Question(number, Waiting.CHOICE, len(who.candidates))
        if _address_unknown(env, register, number, who):
            return Question(number, Waiting.ADDRESS)
        detail = {"identifiers": sorted(who.identifiers), "people_rows": sum(map(len, who.held.values()))}
        events.append(register, env.keyring, EventName.REQUEST_IDENTIFIED, number, detail=detail)
    return None


def _address_unknown(env: Environment, register: Connection, number: str, who: Footprint) -> bool:
    """Whether 'verified by known e-mail' was said of an address that none of the person's rows holds (art. 12(6))."""
    request = requests.get(register, number)
    if request.verified_by is not Verification.KNOWN_EMAIL or not any(who.held.values()):
        return False
    if identities.choice(register, env.keyring, number) is not None:
        return False
    email = normal(requests.subject(register, env.keyring, number).email)
    return email not in who.held.get("email", frozenset())


def _ask(env: Environment, number: str, question: Question | None) -> Question | None:
    if question is not None:
        with transaction(env.register) as register:
            ask(env, register, question)
    return question
