"""That a person asked before: shown where an officer decides. It refuses nothing (art. 12(5); HR 15-9-2023,
ECLI:NL:HR:2023:1216): only what is proven to be excessive is refused, and a repeat is not so by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from avgflow.register import requests
from avgflow.register.events import Event
from avgflow.register.names import EventName
from avgflow.register.requests import Request
from avgflow.register.schema import request


def before(register: Connection, history: Sequence[Event]) -> Sequence[Request]:
    """The earlier requests that a request's history names, as they stand now; less those whose case file has gone."""
    told = [event for event in history if event.name == EventName.REQUEST_REPEATED]
    named = [number for event in told for number in event.detail["earlier"]]
    there = {one.number: one for one in requests.matching(register, request.c.number.in_(named))}
    return [there[number] for number in named if number in there]
