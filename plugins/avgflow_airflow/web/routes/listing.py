"""All requests: where each of them stands, who must do what, and how they came in and went out by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.dossier.audit import words
from avgflow.fields import stripped
from avgflow.intake import Right, day_in_amsterdam
from avgflow.register import clock, events, overview
from avgflow.register.clock import Clock
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.overview import Sort, Stage, Wanted
from avgflow.register.requests import Request as Registered
from avgflow.terms import Calendar, add_months
from avgflow_airflow.web import chart
from avgflow_airflow.web.access import Seeing
from avgflow_airflow.web.forms import LookingAtPerson
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.standing import BY_ITSELF, Days, Next, days, standing

router = APIRouter()
SIZE = 50
MONTHS = 12
_MOST = 200
"""Requests of one person that are shown."""

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Row:
    """A request in a list."""

    request: Registered
    next: Next
    days: Days


@router.get("/")
def show(
    request: Request,
    visitor: Seeing,
    stage: str = "",
    right: str = "",
    number: str = "",
    sort: str = "",
    order: str = "",
) -> Response:
    """Everybody's requests, a page of them."""
    today = day_in_amsterdam()
    wanted = Wanted(
        stage=_word(Stage, stage, Stage.ALL if stripped(number) else Stage.OPEN),
        right=_word(Right, right, None),
        number=stripped(number)[:20],
        sort=_word(Sort, sort, Sort.DUE),
        descending=order == "down",
        page=_page(request.query_params.get("page", "")),
    )
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = overview.find(register, wanted, today, BY_ITSELF, SIZE)
            counted = overview.counts(register, today, BY_ITSELF)
            narrowed = wanted.right is not None or wanted.number
            total = overview.total(register, wanted, today, BY_ITSELF) if narrowed else counted[wanted.stage]
            months = overview.months(register, _first_month(today), today)
            clocks = clock.of(register, [one.number for one in found])
        rows = _rows(found, clocks, env.policy.calendar, today)
    return page(
        request,
        visitor,
        "requests.html",
        wanted=wanted,
        rows=rows,
        total=total,
        pages=max(-(-total // SIZE), 1),
        counts=counted,
        stages=Stage,
        rights=words.NAMES,
        chart=chart.of(months),
    )


@router.post("/search")
def search(request: Request, sent: LookingAtPerson) -> HTMLResponse:
    """The requests of a person by an identifier, which stands in no address and no log; the search is on record."""
    given = stripped(sent.get("identifier"))
    kind = "email" if "@" in given else "customer_number"
    today = day_in_amsterdam()
    with installation(sent.by) as env:
        found: list[Registered] = []
        if given:
            with transaction(env.register) as register:
                found = list(overview.of_person(register, env.keyring, kind, given, _MOST))
                detail = {"kind": kind, "found": len(found)}
                events.append(register, env.keyring, EventName.PERSON_SEARCHED, None, sent.by.login, detail)
        with transaction(env.register) as register:
            clocks = clock.of(register, [one.number for one in found])
        rows = _rows(found, clocks, env.policy.calendar, today)
    return page(request, sent.by, "found.html", rows=rows, kind=kind, given=bool(given), rights=words.NAMES)


def _rows(found: Sequence[Registered], clocks: Mapping[str, Clock], calendar: Calendar, today: date) -> list[Row]:
    return [Row(one, standing(one), days(one, clocks[one.number], calendar, today)) for one in found]


def _first_month(today: date) -> date:
    return add_months(today.replace(day=1), 1 - MONTHS)


def _word(words: type[Word], given: str, otherwise: Word | None) -> Word | None:
    try:
        return words(given)
    except ValueError:
        return otherwise


def _page(given: str) -> int:
    return int(given) if given.isdecimal() and 0 < int(given) < 10**6 else 1
