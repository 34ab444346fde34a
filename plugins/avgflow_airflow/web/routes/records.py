"""What the register keeps beside requests: holds, restrictions, recipients, suppressions, breaches."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow import breach as rules
from avgflow.dossier.audit import words
from avgflow.errors import AvgflowError
from avgflow.fields import iso_day, stripped
from avgflow.handling import holding, registering
from avgflow.handling.environment import Environment
from avgflow.handling.registering import NotStarted
from avgflow.intake import day_in_amsterdam, identifiers
from avgflow.register import breaches, holds, notices, requests, restrictions, suppressions
from avgflow.register.database import transaction
from avgflow.register.holds import HoldReason
from avgflow_airflow.web import actions
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused, refused
from avgflow_airflow.web.forms import Handling
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import away, page
from avgflow_airflow.web.routes.deciding import NoSuchDay

router = APIRouter()
NOT_DONE = 409


@router.get("/holds")
def show_holds(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _holds(request, visitor, env)


@router.post("/holds")
def place(request: Request, sent: Handling) -> Response:
    """Place a hold on a person, on a class of records, or on one class of a person's."""
    with installation(sent.by) as env:
        try:
            until = iso_day(sent.get("until")) if stripped(sent.get("until")) else None
            if until is None and stripped(sent.get("until")):
                raise NoSuchDay
            on = identifiers(email=sent.get("email"), customer_number=sent.get("customer_number")) or None
            holding.place(env, on, stripped(sent.get("class")) or None, until, sent.get("reason"), sent.by.login)
        except AvgflowError as fault:
            return _holds(request, sent.by, env, refused(fault))
    return away(request, "/holds?done=placed")


@router.post("/holds/{hold}/release")
def release(request: Request, sent: Handling, hold: int) -> Response:
    """Release a hold; erasures that kept something because of it are taken up again."""
    with installation(sent.by) as env:
        try:
            freed = holding.release(env, hold, sent.by.login)
            numbers = holding.released(env, freed, sent.by.login)
            with transaction(env.register) as register:
                made = [requests.get(register, number) for number in numbers]
            faults = [fault for one in made if (fault := _start(env, one))]
            if faults:
                raise faults[0]
        except AvgflowError as fault:
            return _holds(request, sent.by, env, refused(fault))
    return away(request, "/holds?done=released")


def _start(env: Environment, request: requests.Request) -> NotStarted | None:
    """Start a run; one that does not start must not keep the others from it."""
    try:
        registering.start(env, request)
    except NotStarted as fault:
        return fault
    return None


def _holds(request: Request, visitor: Visitor, env: Environment, refusal: Refused | None = None) -> HTMLResponse:
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
        today=today.isoformat(),
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )


@router.get("/restrictions")
def show_restrictions(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = restrictions.list_(register)
        titles: dict[str, Any] = {name: one.title for name, one in env.policy.classes.items()}
    return page(request, visitor, "restrictions.html", rows=found, classes=titles, w=words)


@router.get("/recipients")
def show_recipients(request: Request, visitor: Seeing, all: str = "") -> HTMLResponse:  # noqa: A002 - in the address
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = notices.notices(register, None)
        shown = [one for one in found if all or one.confirmed_at is None]
        titles = {one.id: one.title for one in env.policy.recipients}
    return page(request, visitor, "recipients.html", rows=shown, every=bool(all), recipients=titles, w=words)


@router.get("/suppressions")
def show_suppressions(request: Request, visitor: Seeing) -> HTMLResponse:
    """How many addresses nothing is sent to any more, and not which."""
    with installation(visitor) as env, transaction(env.register) as register:
        counted = suppressions.counts(register)
    return page(request, visitor, "suppressions.html", rows=counted)


@router.get("/breaches")
def show_breaches(request: Request, visitor: Seeing) -> HTMLResponse:
    """The breaches and their 72 hours; to whom a letter went is not among it."""
    with installation(visitor) as env, transaction(env.register) as register:
        found = breaches.list_(register)
        rows = [(one, rules.settled(breaches.facts(register, env.keyring, one.id))) for one in found]
    return page(request, visitor, "breaches.html", rows=rows)
