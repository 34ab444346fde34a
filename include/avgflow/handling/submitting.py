"""A request that a company's own portal submits, and where it stands: the portal's way in, and all that it sees.

A portal that got no answer sends the same again. So each submission has a key: the same key gives the same request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.handling import registering
from avgflow.handling.environment import Environment
from avgflow.handling.registering import NotStarted
from avgflow.intake import Intake
from avgflow.register import requests, submissions
from avgflow.register.database import transaction
from avgflow.register.locks import UnknownRequest
from avgflow.register.requests import Request, Status
from avgflow.register.submissions import Mark


class KeyUsed(AvgflowError):
    """A key came back with another request than the one it was first used for."""

    def __init__(self) -> None:
        super().__init__(
            "This key was used for another request. Send a new request with a new key; nothing was registered."
        )


@dataclass(frozen=True)
class Submitted:
    """`new`: whether this submission made the request. `started`: whether its run was, now or before."""

    request: Request
    new: bool
    started: bool


def mark(keyring: Keyring, account: str, key: str, body: Mapping[str, Any]) -> Mark:
    """By what a submission is known again: a key is one account's own, and the order of the fields says nothing."""
    same = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return Mark(
        account,
        keyring.sign("submission-key", f"{account}\n{key}".encode()),
        keyring.sign("submission-body", same.encode()),
    )


def submit(env: Environment, intake: Intake, of: Mark) -> Submitted:
    """Register a request and start its run, once for each key; `KeyUsed` for a key with another body, else errors as
    `registering.register`. A run that Airflow did not start is started by the next submission with the same key.
    """
    with transaction(env.register) as conn:
        known = submissions.earlier(conn, of)
        if known is None:
            [made] = registering.enter(env, conn, [intake], of.account)
            submissions.put(conn, made.request.number, of)
            request = made.request
        else:
            number, same = known
            if not same:
                raise KeyUsed
            request = requests.get(conn, number)
    return Submitted(request, known is None, _started(env, request))


def state(env: Environment, number: str, account: str) -> Request:
    """Where a request stands that this portal submitted; `UnknownRequest` for any other, there or not."""
    with transaction(env.register) as conn:
        if not submissions.is_of(conn, number, account):
            raise UnknownRequest(number)
        return requests.get(conn, number)


def _started(env: Environment, request: Request) -> bool:
    if request.status is not Status.REGISTERED:
        return True
    try:
        registering.start(env, request)
    except NotStarted:
        return False
    return True
