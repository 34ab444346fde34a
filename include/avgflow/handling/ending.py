"""Bringing the run of a request to its end that nothing more is done for but to tell the person."""

from __future__ import annotations

import time

from avgflow.airflow_api import AirflowApi
from avgflow.errors import AvgflowError
from avgflow.handling.closing import VERDICT
from avgflow.handling.ways import WAYS
from avgflow.register.requests import Request

SECONDS = 60.0
"""How long a run may take to end."""

_PARKED = {"awaiting_input", "deferred", "up_for_retry"}
"""States of a task that waits, and does not see by itself that there is nothing to wait for any more."""


class RunStillOpen(AvgflowError):
    """A request is at its end on the register, but its run could not be ended."""

    def __init__(self, number: str, ended: str, why: str, command: str) -> None:
        super().__init__(
            f"{number} is {ended} and nothing more is done for it, but its run is still open and the letter not "
            f"sent. {why} Then: {command}"
        )


def end_run(api: AirflowApi, request: Request, ended: str, command: str) -> None:
    """See to it that the run of a request ends, and green: whatever it waits for is skipped, and its last task sends
    the letter. `ended` and `command`: what became of the request, and what does this again, for `RunStillOpen` where
    Airflow does not answer, or it takes too long.
    """
    try:
        done = _ended(api, WAYS[request.right].dag, request.number)
    except AvgflowError as fault:
        raise RunStillOpen(request.number, ended, str(fault), command) from None
    if not done:
        why = f"`avgflow request show {request.number}` may say why (a mail server that is down); else Airflow is busy."
        raise RunStillOpen(request.number, ended, why, command)


def _ended(api: AirflowApi, dag: str, number: str) -> bool:
    state = api.state(dag, number)
    if state is None:
        api.start(dag, number)
    elif state == "failed":
        api.clear(dag, number, VERDICT)
    deadline = time.monotonic() + SECONDS
    while api.state(dag, number) not in ("success", "failed"):
        if time.monotonic() > deadline:
            return False
        for task, task_state in api.tasks(dag, number).items():
            if task_state in _PARKED and task != VERDICT:
                api.skip(dag, number, task)
        time.sleep(0.3)
    return api.state(dag, number) == "success"
