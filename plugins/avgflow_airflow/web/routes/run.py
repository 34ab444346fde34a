"""The run of a request in Airflow: its tasks, and what each wrote to its log, as far as the visitor may see it."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from avgflow import airflow_runs
from avgflow.airflow_api import AirflowRefused
from avgflow.dossier.audit import words
from avgflow.dossier.audit.page import log_line
from avgflow.handling.registering import DAGS
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow_airflow.web.access import Seeing
from avgflow_airflow.web.faults import NoSuchPage
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page

router = APIRouter(prefix="/requests/{number}/run")

_TASK = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_GONE = 404


@router.get("")
def show(request: Request, visitor: Seeing, number: str) -> HTMLResponse:
    """The tasks of a request's run; none where Airflow has no such run (any more)."""
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = requests.get(register, number)
        dag = DAGS[found.right]
        try:
            tasks = airflow_runs.tasks(env.airflow, dag, number)
        except AirflowRefused as refused:
            if refused.status != _GONE:
                raise
            tasks = ()
    return page(request, visitor, "run.html", one=found, dag=dag, tasks=tasks, w=words)


@router.get("/{task}/{nth}")
def log(request: Request, visitor: Seeing, number: str, task: str, nth: int) -> HTMLResponse:
    """What a task wrote to its log, in the words of the register."""
    if not _TASK.fullmatch(task):
        raise NoSuchPage
    with installation(visitor) as env:
        with transaction(env.register) as register:
            found = requests.get(register, number)
        dag = DAGS[found.right]
        try:
            lines = airflow_runs.log(env.airflow, dag, number, task, nth)
        except AirflowRefused as refused:
            if refused.status != _GONE:
                raise
            lines = ()
    told = [log_line(line) for line in lines if not str(line.get("event")).startswith("::")]
    return page(request, visitor, "log.html", one=found, dag=dag, task=task, nth=nth, lines=told)
