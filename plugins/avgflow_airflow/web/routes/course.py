"""The course of a request, by form: started, stopped, taken up again, made longer, taken back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avgflow import deciding, fields
from avgflow.handling import correcting, extending, registering, resuming, withdrawing
from avgflow.handling.environment import Environment
from avgflow.handling.extending import Reason
from avgflow.handling.resuming import Again
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow_airflow.web.forms import Handling, Operating
from avgflow_airflow.web.routes.acting import NothingChosen, act, answered

router = APIRouter(prefix="/requests/{number}")


@router.post("/start")
def start(request: Request, sent: Operating, number: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            found = requests.get(register, number)
        registering.start(env, found)
        return "started"

    return act(request, sent, number, work)


@router.post("/stop")
def stop(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: answered(deciding.stop(env, number)))


@router.post("/resume")
def resume(request: Request, sent: Operating, number: str) -> Response:
    """Have a stopped request go on: where it failed, or with a new plan."""

    def work(env: Environment) -> str:
        if sent.get("again") not in set(Again):
            raise NothingChosen("where it goes on")
        resuming.take_up(env, number, Again(sent.get("again")), sent.by.login)
        return "taken-up"

    return act(request, sent, number, work)


@router.post("/correct")
def correct(request: Request, sent: Handling, number: str) -> Response:
    """Say which value is wrong, where the stores hold several."""

    def work(env: Environment) -> str:
        wrong = {name: value for name, value in sent.pairs("attribute", "was").items() if fields.stripped(value)}
        if not wrong:
            raise NothingChosen("the item, and give its wrong value")
        correcting.say_which(env, number, wrong, sent.by.login)
        return "stated"

    return act(request, sent, number, work)


@router.post("/extend")
def extend(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        if sent.get("reason") not in set(Reason):
            raise NothingChosen("the reason")
        note = fields.paragraphs("note", sent.get("note")) or ""
        extending.extend(env, number, Reason(sent.get("reason")), note, sent.by.login)
        extending.tell(env, number)
        return "extended"

    return act(request, sent, number, work)


@router.post("/withdraw")
def withdraw(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        withdrawing.end_run(env.airflow, withdrawing.withdraw(env, number, sent.by.login))
        return "withdrawn"

    return act(request, sent, number, work)
