"""What is shown this once, because somebody asked for it: personal data, each time an event on the register."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from avgflow.errors import AvgflowError
from avgflow.handling import annotating, looking, recounting
from avgflow.handling.environment import Environment
from avgflow.register import documents, passphrases, requests
from avgflow.register.database import transaction
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import LookingAtPerson, Sent
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.routes.acting import NOT_DONE
from avgflow_airflow.web.routes.request import rendered

router = APIRouter(prefix="/requests/{number}")

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")


def _show(request: Request, sent: Sent, number: str, what: str, find: Callable[[Environment], Any]) -> Response:
    """The page of a request with something that is shown this once; or with the line that says why not."""
    with installation(sent.by) as env:
        try:
            found = find(env)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
        return rendered(request, sent.by, env, number, **{what: found})


@router.post("/passphrase")
def passphrase(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """The passphrase of the package."""

    def find(env: Environment) -> str:
        with transaction(env.register) as register:
            return passphrases.show_passphrase(register, env.keyring, number, sent.by.login)

    return _show(request, sent, number, "passphrase", find)


@router.post("/person")
def person(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """Who asks, and what."""
    return _show(request, sent, number, "person", lambda env: looking.show_person(env, number, sent.by.login))


@router.post("/mentions")
def mentions(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """Where free text may still name a person who was erased, by the keys of the rows."""
    return _show(request, sent, number, "mentions", lambda env: recounting.mentions(env, number, sent.by.login))


@router.post("/notes")
def notes(request: Request, sent: LookingAtPerson, number: str) -> Response:
    """What was noted about rows that stay as they are."""

    def find(env: Environment) -> list[Any]:
        with transaction(env.register) as register:
            requests.get(register, number)
        return list(annotating.show(env, number, sent.by.login))

    return _show(request, sent, number, "notes", find)


@router.post("/documents/{place}")
def document(request: Request, sent: LookingAtPerson, number: str, place: int) -> Response:
    """A document that the person gave, as a file that no browser shows as a page."""
    with installation(sent.by) as env:
        try:
            with transaction(env.register) as register:
                name, content = documents.open_document(register, env.keyring, number, place, sent.by.login)
        except AvgflowError as fault:
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
    suffix = _SUFFIX.fullmatch(f".{name.rpartition('.')[2]}") if "." in name else None
    file = f"{number}-{place}{suffix[0].lower() if suffix else ''}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
