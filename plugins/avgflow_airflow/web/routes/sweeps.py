"""Sweeps: what is past its term, why a human must look, and what went."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow import deciding_sweeps
from avgflow.dossier import sweep as pages
from avgflow.errors import AvgflowError
from avgflow.handling import deciding_sweep, previewing_sweep
from avgflow.handling.approving import SHOWN
from avgflow.handling.environment import Environment
from avgflow.handling.previewing_sweep import Preview
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
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, Work, carry_out
from avgflow_airflow.web.routes.request import stored
from avgflow_airflow.web.standing import SWEEPS

router = APIRouter(prefix="/sweeps")

_MOST = 100


@router.get("")
def show_all(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _all(request, visitor, env)


@router.post("/preview")
def preview(request: Request, sent: Operating) -> HTMLResponse:
    """Count what is past its term now; nothing is changed, and nothing registered."""
    with installation(sent.by) as env:
        try:
            return _all(request, sent.by, env, made=previewing_sweep.look(env))
        except AvgflowError as fault:
            return _all(request, sent.by, env, refused(fault))


@router.post("/start")
def start(request: Request, sent: Operating) -> Response:
    """Start a sweep now instead of at its time; it asks a human first where there is a reason to."""

    def work(env: Environment) -> str:
        deciding_sweeps.start(env)
        return "sweep-started"

    return carry_out(request, sent, "/sweeps", work, lambda env, why: _all(request, sent.by, env, why))


@router.get("/{sweep}")
def show(request: Request, visitor: Seeing, sweep: str) -> HTMLResponse:
    with installation(visitor) as env:
        return _rendered(request, visitor, env, sweep)


@router.get("/{sweep}/page")
def figures(request: Request, visitor: Seeing, sweep: str, download: bool = False) -> HTMLResponse:
    """The picture of a sweep with its figures and, once it was re-counted, the proof.

    To be kept it is the page as the register has it, to the byte, which is Dutch; to be read it is in the reader's
    language, from the same figures.
    """
    of = "nl" if download else language(request)
    with installation(visitor) as env:
        with transaction(env.register) as register:
            one = sweeps.get(register, sweep)
            found, done = sweeps.found(register, sweep), sweeps.changed(register, sweep)
            kept = sweep_proofs.newest(register, sweep)
        verdict = kept.result if kept else None
        if kept and of == "nl":
            html = kept.html
        else:
            html = pages.page(one, found, done, verdict, env.catalog, env.policy, env.templates, of)
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


def _act(request: Request, sent: Sent, sweep: str, work: Work) -> Response:
    return carry_out(
        request, sent, f"/sweeps/{sweep}", work, lambda env, why: _rendered(request, sent.by, env, sweep, why)
    )


def _all(
    request: Request,
    visitor: Visitor,
    env: Environment,
    refusal: Refused | None = None,
    made: Preview | None = None,
) -> HTMLResponse:
    """All sweeps; `made`: what was counted just now."""
    of = language(request)
    with transaction(env.register) as register:
        rows = [
            (
                one,
                sum(each.rows for each in sweeps.found(register, one.number)),
                sum(gone for _, gone in sweeps.changed(register, one.number).values()),
            )
            for one in sweeps.list_(register, _MOST)
        ]
    return page(
        request,
        visitor,
        "sweeps.html",
        status=NOT_DONE if refusal else 200,
        rows=rows,
        states=SWEEPS,
        counted=pages.lines_of(made.found, {}, env.catalog, of) if made else None,
        would_ask=[words.ask(ask, env.catalog, of) for ask in made.asks] if made else (),
        stores={name: store.title for name, store in env.catalog.stores.items()},
        actions_of=words.ACTIONS,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )


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
