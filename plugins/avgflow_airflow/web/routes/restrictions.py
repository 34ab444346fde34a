"""Restrictions: what may only be stored for the time being, and the end of that (AVG art. 18)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.dossier.audit import words
from avgflow.errors import AvgflowError
from avgflow.handling import lifting, restricting
from avgflow.handling.environment import Environment
from avgflow.intake import identifiers
from avgflow.register import restrictions
from avgflow.register.database import transaction
from avgflow.register.restrictions import Restriction
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused, refused
from avgflow_airflow.web.forms import NOTHING, Handling, LookingAtPerson, Typed
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, act

router = APIRouter()

MOST = 200
"""Restrictions that the page shows at once."""


@router.get("/restrictions")
def show(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _page(request, visitor, env)


@router.post("/restrictions/check")
def check(request: Request, sent: LookingAtPerson) -> HTMLResponse:
    """Whether the data of a person may be used; whom it is about stands in no address and no log."""
    with installation(sent.by) as env:
        try:
            given = identifiers(email=sent.get("email"), customer_number=sent.get("customer_number"))
            found = restricting.check(env, given)
        except AvgflowError as fault:
            return _page(request, sent.by, env, refusal=refused(fault), typed=sent.typed)
        return _page(request, sent.by, env, found)


@router.post("/requests/{number}/restriction/lift")
def lift(request: Request, sent: Handling, number: str) -> Response:
    """End a restriction: the person is told first, by mail; then the stores are unmarked (AVG art. 18(3))."""

    def work(env: Environment) -> str:
        lifting.end(env, number, sent.get("reason"), sent.by.login)
        lifting.start(env, number)
        return "ending"

    return act(request, sent, number, work)


@router.post("/requests/{number}/restriction/told")
def told(request: Request, sent: Handling, number: str) -> Response:
    """The person was told another way than by mail; then it ends."""

    def work(env: Environment) -> str:
        lifting.told(env, number, sent.by.login)
        lifting.start(env, number)
        return "ending-told"

    return act(request, sent, number, work)


def _page(
    request: Request,
    visitor: Visitor,
    env: Environment,
    found: Sequence[Restriction] | None = None,
    refusal: Refused | None = None,
    typed: Typed = NOTHING,
) -> HTMLResponse:
    """All restrictions; `found`: those of a person who was looked up just now."""
    with transaction(env.register) as register:
        rows = restrictions.list_(register, MOST + 1)
    return page(
        request,
        visitor,
        "restrictions.html",
        status=NOT_DONE if refusal else 200,
        rows=rows[:MOST],
        more=len(rows) > MOST,
        found=found,
        classes={name: one.title for name, one in env.policy.classes.items()},
        w=words,
        typed=typed,
        refused=refusal,
    )
