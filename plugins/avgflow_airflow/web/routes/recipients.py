"""Who was told of what was done with data, and who confirmed it (AVG art. 19)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.dossier.audit import words
from avgflow.handling.environment import Environment
from avgflow.register import notices
from avgflow.register.database import transaction
from avgflow_airflow.web.access import Seeing
from avgflow_airflow.web.forms import Handling
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import act, day_of

router = APIRouter()

MOST = 200
"""Recipients that the page shows at once."""


@router.get("/recipients")
def show_recipients(request: Request, visitor: Seeing, all: str = "") -> HTMLResponse:  # noqa: A002 - in the address
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = notices.newest(register, MOST + 1) if all else notices.unconfirmed(register, MOST + 1)
        titles = {one.id: one.title for one in env.policy.recipients}
    return page(
        request,
        visitor,
        "recipients.html",
        rows=found[:MOST],
        more=len(found) > MOST,
        every=bool(all),
        recipients=titles,
        w=words,
    )


@router.post("/requests/{number}/recipients/{recipient}/told")
def told(request: Request, sent: Handling, number: str, recipient: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            notices.told_by_hand(register, env.keyring, number, recipient, day_of(sent.get("on")), sent.by.login)
        return "told"

    return act(request, sent, number, work)


@router.post("/requests/{number}/recipients/{recipient}/confirmed")
def confirmed(request: Request, sent: Handling, number: str, recipient: str) -> Response:
    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            notices.confirm(register, env.keyring, number, recipient, sent.by.login)
        return "confirmed"

    return act(request, sent, number, work)
