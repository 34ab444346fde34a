"""Requests that a company's own portal submits, and where they stand: REST for a program with an account of its own."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from avgflow.handling import submitting
from avgflow.intake import parse
from avgflow.register.locks import UnknownRequest
from avgflow.register.requests import Request as Registered
from avgflow_airflow.web.access import Anybody
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.portal import description
from avgflow_airflow.web.portal.account import Portal
from avgflow_airflow.web.portal.naming import OF_INTAKE, wrong
from avgflow_airflow.web.portal.problems import PREFIX, FieldsRefused
from avgflow_airflow.web.portal.submission import State, Submitting
from avgflow_airflow.web.render import base_of

router = APIRouter(prefix=PREFIX)
about = APIRouter()

_NUMBER = re.compile(r"AVG-[0-9]{4}-[0-9]{5,9}")


@router.post("/requests", status_code=201, response_model=None, **description.SUBMIT)
def submit(request: Request, sent: Submitting) -> JSONResponse:
    """Register a request and start its run.

    Send it again with the same Idempotency-Key where no answer came: that makes no second request.
    """
    given = sent.submission.given()
    with installation(sent.by) as env:
        of = submitting.mark(env.keyring, sent.by.login, sent.key, given)
        try:
            done = submitting.submit(env, parse(**{"right": "", "email": ""} | given), of)
        except OF_INTAKE as fault:
            raise FieldsRefused(wrong(fault, sent.submission)) from None
    status = 202 if not done.started else 201 if done.new else 200
    where = f"{base_of(request)}{PREFIX}/requests/{done.request.number}"
    return JSONResponse(_state(done.request), status, {"Location": where})


@router.get("/requests/{number}", response_model=None, **description.LOOK)
def look(
    by: Portal,
    number: Annotated[str, Path(json_schema_extra={"pattern": f"^{_NUMBER.pattern}$"}, examples=["AVG-2026-00042"])],
) -> JSONResponse:
    """Where a request stands that this account submitted."""
    if not _NUMBER.fullmatch(number):
        raise UnknownRequest(number)
    with installation(by) as env:
        return JSONResponse(_state(submitting.state(env, number, by.login)))


@about.get("/openapi.json", include_in_schema=False)
def describe(request: Request, _: Anybody) -> Response:
    """What a portal can ask, as OpenAPI; for whoever is logged in."""
    return JSONResponse(description.openapi(router.routes, base_of(request)))


def _state(request: Registered) -> dict[str, Any]:
    shown = {name: value for name, value in request.to_json().items() if name in State.model_fields}
    return State.model_validate(shown).model_dump(mode="json")
