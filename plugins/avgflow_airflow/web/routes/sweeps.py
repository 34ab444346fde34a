"""Sweeps: what is past its term, why a human must look, and what went."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow import deciding_sweeps
from avgflow.dossier import sweep as pages
from avgflow.errors import AvgflowError
from avgflow.handling import deciding_sweep
from avgflow.handling.approving import SHOWN
from avgflow.handling.environment import Environment
from avgflow.register import events, sweep_proofs, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import ENDED, SweepStatus
from avgflow.sweep import words
from avgflow.sweep.caps import Ask
from avgflow_airflow.web import actions, timeline
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused, refused
from avgflow_airflow.web.forms import Deciding, Operating, Sent
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.language import language
from avgflow_airflow.web.render import away, page
from avgflow_airflow.web.routes.request import stored
from avgflow_airflow.web.standing import SWEEPS

router = APIRouter(prefix="/sweeps")

_MOST = 100
NOT_DONE = 409


@router.get("")
def show_all(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env, transaction(env.register) as register:
        found = sweeps.list_(register, _MOST)
        rows = [
            (
                one,
                sum(each.rows for each in sweeps.found(register, one.number)),
                sum(gone for _, gone in sweeps.changed(register, one.number).values()),
            )
            for one in found
        ]
    return page(request, visitor, "sweeps.html", rows=rows, states=SWEEPS)


@router.get("/{sweep}")
def show(request: Request, visitor: Seeing, sweep: str) -> HTMLResponse:
    with installation(visitor) as env:
        return _rendered(request, visitor, env, sweep)


@router.get("/{sweep}/page")
def figures(visitor: Seeing, sweep: str, download: bool = False) -> HTMLResponse:
    """The picture of a sweep with its figures and, once it was re-counted, the proof."""
    with installation(visitor) as env:
        with transaction(env.register) as register:
            one = sweeps.get(register, sweep)
            found, done = sweeps.found(register, sweep), sweeps.changed(register, sweep)
            kept = sweep_proofs.newest(register, sweep)
        html = kept.html if kept else pages.page(one, found, done, None, env.catalog, env.policy, env.templates)
    return stored(html, f"{sweep}.html" if download else None)


@router.post("/{sweep}/approve")
def approve(request: Request, sent: Deciding, sweep: str) -> Response:
    def work(env: Environment) -> str:
        taken = deciding_sweeps.approve(env, sweep, sent.get("preview"), sent.by.login)
        return "sweep-approved" if taken else "given"

    return _act(request, sent, sweep, work)


@router.post("/{sweep}/refuse")
def refuse(request: Request, sent: Deciding, sweep: str) -> Response:
    def work(env: Environment) -> str:
        deciding_sweeps.refuse(env, sweep, sent.by.login)
        return "sweep-refused"

    return _act(request, sent, sweep, work)


@router.post("/{sweep}/stop")
def stop(request: Request, sent: Operating, sweep: str) -> Response:
    def work(env: Environment) -> str:
        deciding_sweeps.stop(env, sweep, sent.by.login)
        return "sweep-stopped"

    return _act(request, sent, sweep, work)


def _act(request: Request, sent: Sent, sweep: str, work: Callable[[Environment], str]) -> Response:
    with installation(sent.by) as env:
        try:
            done = work(env)
        except AvgflowError as fault:
            return _rendered(request, sent.by, env, sweep, refused(fault))
    return away(request, f"/sweeps/{sweep}?done={done}")


def _rendered(
    request: Request, visitor: Visitor, env: Environment, sweep: str, refusal: Refused | None = None
) -> HTMLResponse:
    with transaction(env.register) as register:
        one = sweeps.get(register, sweep)
        kept = sweep_proofs.newest(register, sweep)
        progress = sweeps.progress(register, sweep)
        rows = sum(each.rows for each in sweeps.found(register, sweep))
        history = events.history(register, sweep)
    asks = [words.ask(Ask.from_json(ask), env.catalog, language(request)) for ask in one.asks or ()]
    waits = one.status is SweepStatus.WAITING
    return page(
        request,
        visitor,
        "sweep.html",
        status=NOT_DONE if refusal else 200,
        one=one,
        asks=asks,
        rows=rows,
        signs=(one.digest or "")[:SHOWN],
        until=deciding_sweep.last_moment(env, one) if waits else None,
        waits=waits,
        at_work=one.status not in ENDED and not waits and one.stop_asked_at is None,
        kept=kept,
        progress=progress,
        moments=timeline.of(history),
        stores={name: store.title for name, store in env.catalog.stores.items()},
        states=SWEEPS,
        dag=deciding_sweeps.DAG,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )
