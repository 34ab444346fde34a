"""A new request, by form: every right with its own fields, checked by the same code as everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.capacity import Capacity
from avgflow.dossier.audit import words
from avgflow.errors import AvgflowError
from avgflow.handling import previewing, registering
from avgflow.handling.approving import SHOWN
from avgflow.handling.environment import Environment
from avgflow.handling.registering import NotStarted
from avgflow.intake import Intake, RestrictionGround, Right, Scope, Verification, day_in_amsterdam
from avgflow.register.requests import Request as Registered
from avgflow.several import parse_all
from avgflow_airflow.web import planview
from avgflow_airflow.web.access import Handler, Visitor
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import NOTHING, Handling, Sent, Typed
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import away, page

router = APIRouter(prefix="/new")

REFUSED = 422
_LINES = 3
"""Values to correct, and further identifiers, that a form has room for at once."""


@router.get("")
def form(request: Request, visitor: Handler) -> HTMLResponse:
    """An empty form."""
    with installation(visitor) as env:
        return _form(request, visitor, env, NOTHING)


@router.post("")
def enter(request: Request, sent: Handling) -> Response:
    """Put what was asked on the register and start it; or show the form again, with what is wrong at its field."""
    with installation(sent.by) as env:
        try:
            intakes = parsed(sent)
            if sent.has("preview"):
                plans = [previewing.plan(env, intake) for intake in intakes]
                views = [
                    (words.NAMES[plan.right], planview.view(plan, SHOWN, env.policy, env.catalog)) for plan in plans
                ]
                return _form(request, sent.by, env, sent.typed, previews=views)
            entered = registering.register_together(env, intakes, sent.by.login)
        except AvgflowError as fault:
            return _form(request, sent.by, env, sent.typed, refusal=fault)
        first: Registered = entered[0].request
        try:
            for one in entered:
                registering.start(env, one.request)
        except NotStarted:
            # Safe on the register; its page has the button that starts it.
            return away(request, f"/requests/{first.number}?done=not-started")
    return away(request, f"/requests/{first.number}?done=registered")


def parsed(sent: Sent) -> Sequence[Intake]:
    """The intakes that a form asks for; an `IntakeRefused` names what does not fit."""
    rights = sent.all("right")
    first, also = (rights[0], rights[1:]) if rights else ("", [])
    return parse_all(
        first,
        also,
        email=sent.get("email"),
        customer_number=sent.get("customer_number"),
        name=sent.get("name"),
        phone=sent.get("phone"),
        identifiers=sent.pairs("identifier_kind", "identifier_value"),
        received=sent.get("received"),
        verified_by=sent.get("verified_by"),
        language=sent.get("language") or "nl",
        to=sent.get("to"),
        ground=sent.get("ground"),
        correct=sent.pairs("attribute", "new"),
        was={name: value for name, value in sent.pairs("attribute", "old").items() if value.strip()},
        statement=sent.get("statement"),
        destination=sent.get("destination"),
        asks_as=sent.get("asks_as"),
        born=sent.get("born"),
        person_email=sent.get("person_email"),
        person_name=sent.get("person_name"),
    )


def _form(
    request: Request,
    visitor: Visitor,
    env: Environment,
    typed: Typed,
    refusal: AvgflowError | None = None,
    previews: Sequence[Any] = (),
) -> HTMLResponse:
    return page(
        request,
        visitor,
        "new.html",
        status=REFUSED if refusal else 200,
        typed=typed,
        refused=refused(refusal) if refusal else None,
        previews=previews,
        rights=words.NAMES,
        w=words,
        scopes=Scope,
        grounds=RestrictionGround,
        capacities=Capacity,
        methods=Verification,
        attributes=sorted(env.catalog.correctable),
        kinds=registering.further_kinds(env),
        lines=_LINES,
        today=day_in_amsterdam().isoformat(),
        first=Right.ACCESS,
    )
