"""Holds: what must not be erased for the time being, and why (AVG art. 17(3)(e))."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.fields import stripped
from avgflow.handling import holding, registering
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam, identifiers
from avgflow.register import holds
from avgflow.register.database import transaction
from avgflow.register.holds import HoldReason
from avgflow_airflow.web import actions
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused
from avgflow_airflow.web.forms import NOTHING, Handling, Typed
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, carry_out, day_of

router = APIRouter(prefix="/holds")


@router.get("")
def show(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _page(request, visitor, env)


@router.post("")
def place(request: Request, sent: Handling) -> Response:
    """Place a hold on a person, on a class of records, or on one class of a person's."""

    def work(env: Environment) -> str:
        until = day_of(sent.get("until"))
        others = sent.pairs("identifier_kind", "identifier_value")
        on = identifiers(email=sent.get("email"), customer_number=sent.get("customer_number"), others=others) or None
        holding.place(env, on, stripped(sent.get("class")) or None, until, sent.get("reason"), sent.by.login)
        return "placed"

    return carry_out(request, sent, "/holds", work, lambda env, why: _page(request, sent.by, env, why, sent.typed))


@router.post("/{hold}/release")
def release(request: Request, sent: Handling, hold: int) -> Response:
    """Release a hold; erasures that kept something because of it are taken up again."""

    def work(env: Environment) -> str:
        freed = holding.release(env, hold, sent.by.login)
        numbers = holding.released(env, freed, sent.by.login)
        faults = registering.start_all(env, numbers)
        if faults:
            raise faults[0]
        return "released"

    return carry_out(request, sent, "/holds", work, lambda env, why: _page(request, sent.by, env, why))


def _page(
    request: Request, visitor: Visitor, env: Environment, refusal: Refused | None = None, typed: Typed = NOTHING
) -> HTMLResponse:
    today = day_in_amsterdam()
    with transaction(env.register) as register:
        found = [(one, one.state(today).value) for one in holds.list_(register)]
    return page(
        request,
        visitor,
        "holds.html",
        status=NOT_DONE if refusal else 200,
        rows=found,
        reasons=HoldReason,
        classes={name: one.title for name, one in env.policy.classes.items()},
        kinds=registering.further_kinds(env),
        today=today.isoformat(),
        typed=typed,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )
