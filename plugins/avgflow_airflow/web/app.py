"""The register's page as an app of its own under Airflow's api-server.

A route has the guard of `access.needs`, or of `forms.sent` where it changes something; a test walks all of them. Routes
are plain functions, so that the register's work is done beside the event loop that serves Airflow itself.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow.api_fastapi.app import get_auth_manager
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from avgflow.errors import AvgflowError
from avgflow.register.breaches import UnknownBreach
from avgflow.register.locks import UnknownRequest
from avgflow.register.sweeps import UnknownSweep
from avgflow_airflow.web.access import NotAllowed
from avgflow_airflow.web.faults import NoSuchPage, Refused, refused
from avgflow_airflow.web.forms import FormRefused
from avgflow_airflow.web.headers import Headers
from avgflow_airflow.web.portal import problems
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes import (
    breaches,
    course,
    deciding,
    dossier,
    holds,
    identifying,
    listing,
    portal,
    recipients,
    registering,
    restrictions,
    run,
    showing,
    static,
    suppressions,
    sweeps,
    withholdings,
)
from avgflow_airflow.web.routes import request as one_request

_NOT_THERE = (UnknownRequest, UnknownBreach, UnknownSweep, NoSuchPage)


def create_app() -> FastAPI:
    """The app, with all its routes."""
    app = FastAPI(title="Verzoekenregister", docs_url=None, redoc_url=None, openapi_url=None)
    of_one = (one_request, run, dossier, identifying, deciding, course, showing)
    beside = (recipients, holds, restrictions, withholdings, suppressions, breaches)
    for part in (static, listing, registering, *of_one, sweeps, *beside):
        app.include_router(part.router)
    app.include_router(portal.router)
    app.include_router(portal.about)
    app.add_middleware(Headers)
    for fault, handler in _HANDLERS:
        app.add_exception_handler(fault, _for_whom(handler))
    return app


Handler = Callable[[Request, Exception], Response]


def _for_whom(handler: Handler) -> Handler:
    """A page for a person, a problem for a program."""

    def handled(request: Request, fault: Exception) -> Response:
        return problems.answer(fault) if problems.wanted(request) else handler(request, fault)

    return handled


def _http(request: Request, fault: Exception) -> Response:
    """Airflow says that nobody is logged in, or there is no such page."""
    assert isinstance(fault, HTTPException)
    if fault.status_code in (401, 403) and request.method == "GET":
        return RedirectResponse(_login(request), status_code=303)
    return page(request, None, "fault.html", status=fault.status_code, fault=None)


def _login(request: Request) -> str:
    """Airflow's own page to log in, which leads back here."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return str(get_auth_manager().get_url_login(next_url=back))


def _not_allowed(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, NotAllowed)
    return page(request, fault.visitor, "not_allowed.html", status=403, permission=fault.permission)


def _fault(request: Request, fault: Exception) -> Response:
    """A fault that a page did not show itself: one line that says what to do."""
    assert isinstance(fault, AvgflowError)
    status = fault.status if isinstance(fault, FormRefused) else 404 if isinstance(fault, _NOT_THERE) else 409
    return page(request, None, "fault.html", status=status, fault=refused(fault))


def _unexpected(request: Request, fault: Exception) -> Response:
    """A fault of ours. Airflow's log has it; the page says nothing of it, for its text may quote anything."""
    return page(request, None, "fault.html", status=500, fault=_UNEXPECTED)


_HANDLERS: tuple[tuple[type[Exception], Handler], ...] = (
    (HTTPException, _http),
    (NotAllowed, _not_allowed),
    (AvgflowError, _fault),
    (Exception, _unexpected),
)

_UNEXPECTED = Refused(
    nl="Er ging iets mis. Probeer het opnieuw. Gaat het weer mis? Laat dan wie Airflow beheert in het logboek van "
    "de api-server kijken.",
    en="Something went wrong. Try again; if it stays, have whoever looks after Airflow see the api-server's log.",
)
