"""Letters and packages that went to the wrong person, and their 72 hours (AVG art. 33 and 34)."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow import breach as rules
from avgflow.breach import DESCRIBED, TITLES, Field, What
from avgflow.fields import AMSTERDAM, stripped
from avgflow.handling import breaching
from avgflow.handling.breaching import Shown
from avgflow.handling.environment import Environment
from avgflow.register import breaches
from avgflow.register.database import transaction
from avgflow_airflow.web import actions
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused
from avgflow_airflow.web.forms import NOTHING, Handling, LookingAtPerson, Typed
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, NothingChosen, carry_out

router = APIRouter(prefix="/breaches")


@router.get("")
def show_all(request: Request, visitor: Seeing) -> HTMLResponse:
    """The breaches and their 72 hours; to whom a letter went is not among it."""
    with installation(visitor) as env:
        return _all(request, visitor, env)


@router.post("")
def open_(request: Request, sent: Handling) -> Response:
    """Put a breach on record; the 72 hours run from when it was known."""

    def work(env: Environment) -> str:
        if sent.get("what") not in set(What):
            raise NothingChosen("what went to the wrong person")
        aware = rules.moment(sent.get("aware"), rules.AWARE)
        whom, number = rules.recipient(sent.get("to")), stripped(sent.get("number"))
        breaching.open_(env, number, What(sent.get("what")), whom, aware, sent.by.login)
        return "breach-opened"

    return carry_out(request, sent, "/breaches", work, lambda env, why: _all(request, sent.by, env, why, sent.typed))


@router.get("/{breach}")
def show(request: Request, visitor: Seeing, breach: int) -> HTMLResponse:
    """Which facts of a breach are on record and which are missing; not what they say."""
    with installation(visitor) as env:
        return _one(request, visitor, env, breach)


@router.post("/{breach}/show")
def show_facts(request: Request, sent: LookingAtPerson, breach: int) -> HTMLResponse:
    """All that is on record of a breach, this once; that it was shown is on record."""
    with installation(sent.by) as env:
        return _one(request, sent.by, env, breach, shown=breaching.show(env, breach, sent.by.login))


@router.post("/{breach}/record")
def record(request: Request, sent: Handling, breach: int) -> Response:
    """Add what is known by now; what was recorded before stays, the newest counts."""

    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            aware = breaches.get(register, breach).aware_at
        given = {field: sent.get(field) for field in Field if stripped(sent.get(field))}
        if not given:
            raise NothingChosen("what to put on record")
        breaching.record(env, breach, rules.facts_of(given, aware), sent.by.login)
        return "breach-recorded"

    return carry_out(
        request,
        sent,
        f"/breaches/{breach}",
        work,
        lambda env, why: _one(request, sent.by, env, breach, why, sent.typed),
    )


@router.post("/{breach}/close")
def close(request: Request, sent: Handling, breach: int) -> Response:
    """Close a breach, if all that art. 33 asks is on record."""

    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            breaches.close(register, env.keyring, breach, sent.by.login)
        return "breach-closed"

    return carry_out(
        request, sent, f"/breaches/{breach}", work, lambda env, why: _one(request, sent.by, env, breach, why)
    )


def _all(
    request: Request, visitor: Visitor, env: Environment, refusal: Refused | None = None, typed: Typed = NOTHING
) -> HTMLResponse:
    with transaction(env.register) as register:
        settled = breaches.settled(register)
        rows = [(one, one.id in settled) for one in breaches.list_(register)]
    return page(
        request,
        visitor,
        "breaches.html",
        status=NOT_DONE if refusal else 200,
        rows=rows,
        now=_now(),
        of=request.query_params.get("number", "")[:20],
        typed=typed,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )


def _one(
    request: Request,
    visitor: Visitor,
    env: Environment,
    breach: int,
    refusal: Refused | None = None,
    typed: Typed = NOTHING,
    shown: Shown | None = None,
) -> HTMLResponse:
    with transaction(env.register) as register:
        one = breaches.get(register, breach)
        facts = breaches.facts(register, env.keyring, breach)
    return page(
        request,
        visitor,
        "breach.html",
        status=NOT_DONE if refusal else 200,
        one=one,
        hours=round((one.due_at - datetime.now(UTC)).total_seconds() / 3600),
        settled=rules.settled(facts),
        missing=None if one.closed_at else rules.missing(facts, one.due_at),
        known=frozenset(facts),
        described=DESCRIBED,
        fields=Field,
        titles=TITLES,
        now=_now(),
        shown=shown,
        typed=typed,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )


def _now() -> str:
    """This minute in Dutch time, as the field of a moment has it."""
    return datetime.now(AMSTERDAM).strftime("%Y-%m-%dT%H:%M")
