"""Addresses that nothing is sent to any more: how many, and not which (AVG art. 21(3))."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow import fields
from avgflow.errors import AvgflowError
from avgflow.handling import suppressing
from avgflow.handling.environment import Environment
from avgflow.register import suppressions
from avgflow.register.database import transaction
from avgflow.register.suppressions import Channel
from avgflow_airflow.web import actions
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused, refused
from avgflow_airflow.web.forms import Handling, LookingAtPerson
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, carry_out

router = APIRouter(prefix="/suppressions")


@router.get("")
def show(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _page(request, visitor, env)


@router.post("/check")
def check(request: Request, sent: LookingAtPerson) -> HTMLResponse:
    """Whether an address is on the list; the address stands in no address of a page and no log."""
    with installation(sent.by) as env:
        try:
            address = fields.email(sent.get("address"))
            with transaction(env.register) as register:
                found = {
                    channel.value: bool(suppressions.suppressed(register, env.keyring, channel, [address]))
                    for channel in Channel
                }
        except AvgflowError as fault:
            return _page(request, sent.by, env, refusal=refused(fault))
        return _page(request, sent.by, env, found)


@router.post("/lift")
def lift(request: Request, sent: Handling) -> Response:
    """Take an address off the list, because the person signed up again."""

    def work(env: Environment) -> str:
        suppressing.lift(env, sent.get("channel"), sent.get("address"), sent.by.login)
        return "unsuppressed"

    return carry_out(request, sent, "/suppressions", work, lambda env, why: _page(request, sent.by, env, refusal=why))


def _page(
    request: Request,
    visitor: Visitor,
    env: Environment,
    found: dict[str, bool] | None = None,
    refusal: Refused | None = None,
) -> HTMLResponse:
    """The list by numbers; `found`: whether an address that was looked up just now is on it, by channel."""
    with transaction(env.register) as register:
        counted = suppressions.counts(register)
    return page(
        request,
        visitor,
        "suppressions.html",
        status=NOT_DONE if refusal else 200,
        rows=counted,
        channels=Channel,
        found=found,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )
