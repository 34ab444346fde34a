"""Who asks, and who that is in the stores: what a human says of it, by form."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avgflow import deciding
from avgflow.errors import AvgflowError
from avgflow.handling import asking_person, candidates, coding
from avgflow.handling.coding import Choice
from avgflow.handling.environment import Environment
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import Handling, LookingAtPerson
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import away
from avgflow_airflow.web.routes.acting import NOT_DONE, NothingChosen, act, answered, day_of
from avgflow_airflow.web.routes.request import rendered

router = APIRouter(prefix="/requests/{number}")


@router.post("/verify")
def verify(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: answered(deciding.verify(env, number, sent.get("method"))))


@router.post("/verify-code")
def verify_code(request: Request, sent: Handling, number: str) -> Response:
    given = sent.get("code")
    return act(request, sent, number, lambda env: answered(deciding.verify_by_code(env, number, given, sent.by.login)))


@router.post("/code")
def code(request: Request, sent: Handling, number: str) -> Response:
    """Mail a code; where several addresses are known the page shows them, masked, to choose from."""
    pick = int(sent.get("to")) if sent.get("to").isdecimal() else None
    with installation(sent.by) as env:
        try:
            made = coding.send(env, number, pick, sent.by.login)
            if isinstance(made, Choice):
                return rendered(request, sent.by, env, number, addresses=made.masked)
            coding.tell(env, made.code)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
    return away(request, f"/requests/{number}?done=code")


@router.post("/asked")
def asked(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        day = day_of(sent.get("on"))
        if sent.has("again"):
            asking_person.remind(env, number, day, sent.by.login)
            return "reminded"
        asking_person.ask(env, number, day, sent.by.login)
        return "asked"

    return act(request, sent, number, work)


@router.post("/candidates")
def show_candidates(request: Request, sent: LookingAtPerson, number: str) -> Response:
    with installation(sent.by) as env:
        found = candidates.show(env, number, sent.by.login)
        return rendered(request, sent.by, env, number, candidates=found)


@router.post("/choose")
def choose(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        picked = [int(one) for one in sent.get("persons").replace(",", " ").split() if one.isdecimal()]
        if not picked:
            raise NothingChosen("the numbers of the person")
        return answered(deciding.choose(env, number, picked))

    return act(request, sent, number, work)
