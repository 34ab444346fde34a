"""Whether what a request asks is done, by form: a plan approved, an objection weighed, a request declined."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avgflow import deciding
from avgflow.errors import AvgflowError
from avgflow.fields import stripped
from avgflow.handling import declining
from avgflow.handling.environment import Environment
from avgflow.policy.reasons import DeclineReason
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import Deciding, Handling, LookingAtPerson
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.routes.acting import NOT_DONE, NothingChosen, act, answered
from avgflow_airflow.web.routes.request import rendered

router = APIRouter(prefix="/requests/{number}")


@router.post("/approve")
def approve(request: Request, sent: Deciding, number: str) -> Response:
    """Approve the plan that the page showed, and no other."""
    plan = stripped(sent.get("plan")) or "-"
    return act(request, sent, number, lambda env: answered(deciding.approve(env, number, plan, sent.by.login)))


@router.post("/go-on")
def go_on(request: Request, sent: Handling, number: str) -> Response:
    return act(request, sent, number, lambda env: answered(deciding.go_on(env, number)))


@router.post("/refuse")
def refuse(request: Request, sent: Deciding, number: str) -> Response:
    return act(request, sent, number, lambda env: answered(deciding.refuse(env, number)))


@router.post("/weigh")
def weigh(request: Request, sent: Deciding, number: str) -> Response:
    said = " ".join(f"{name}={sent.get(f'class-{name}')}" for name in sent.all("class"))
    return act(request, sent, number, lambda env: answered(deciding.weigh(env, number, said, sent.by.login)[1]))


@router.post("/decline")
def decline(request: Request, sent: Handling, number: str) -> Response:
    def work(env: Environment) -> str:
        if sent.get("reason") not in set(DeclineReason):
            raise NothingChosen("the reason")
        reason = DeclineReason(sent.get("reason"))
        made = declining.propose(env, number, reason, sent.get("note"), sent.by.login)
        declining.tell(env, made, number)
        return "proposed"

    return act(request, sent, number, work)


@router.post("/decline/letter")
def decline_letter(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """The letter that would go out, addressed to nobody by name."""
    with installation(sent.by) as env:
        try:
            return rendered(request, sent.by, env, number, letter=declining.show(env, number).letter)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)


@router.post("/decline/confirm")
def decline_confirm(request: Request, sent: Deciding, number: str) -> Response:
    def work(env: Environment) -> str:
        found, _ = declining.confirm(env, number, sent.by.login)
        declining.end_run(env, found)
        return "declined"

    return act(request, sent, number, work)


@router.post("/decline/drop")
def decline_drop(request: Request, sent: Deciding, number: str) -> Response:
    def work(env: Environment) -> str:
        declining.drop(env, number, sent.by.login)
        return "dropped"

    return act(request, sent, number, work)
