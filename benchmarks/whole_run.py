"""One inzage from trigger to accepted mail, against a DAG of the same shape whose tasks do nothing."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from avgflow.airflow_api import AirflowApi
from avgflow.demo.truth import SubjectTruth
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.register import outbox
from avgflow.register.database import transaction
from benchmarks import people
from benchmarks.figures import Comparison, Series

PRODUCT, EMPTY = "access_request", "empty_request"
WARM_UPS = 2
"""Pairs that do not count: a worker imports at its first task."""
SECONDS_TO_END = 180

Taken = dict[str, float]
"""Seconds from the trigger: to the mail, to the end."""


class NotTheSameShape(Exception):
    """The empty DAG differs from the product's; bring `benchmarks/dags/empty_request.py` up to date."""


class RunFailed(Exception):
    """A run did not end well, so its time says nothing."""


def measure(env: Environment, person: SubjectTruth, pairs: int) -> list[Comparison]:
    """To the accepted mail and to the end of the run, the empty DAG and ours in turns, one run at a time."""
    api = AirflowApi.of(env.settings)
    _refuse_another_shape(api)
    taken: dict[str, list[Taken]] = {EMPTY: [], PRODUCT: []}
    for turn in range(WARM_UPS + pairs):
        for dag, number in ((EMPTY, f"AVG-2026-{99_000_000 + turn}"), (PRODUCT, people.register(env, person))):
            measured = _run(api, env, dag, number)
            if turn >= WARM_UPS:
                taken[dag].append(measured)
    how = (
        f"one run at a time, in turns, after {WARM_UPS} pairs that do not count; {people.rows(person)} rows; "
        f"the empty DAG's 'mail' is the end of its task 'answer'"
    )

    def series(dag: str, until: str) -> Series:
        return Series(dag, tuple(one[until] for one in taken[dag]))

    return [
        Comparison(f"One inzage, from trigger to {words}", how, series(PRODUCT, until), series(EMPTY, until), goal)
        for until, words, goal in (("mail", "accepted mail", 1.3), ("end", "the end of the run", None))
    ]


def _run(api: AirflowApi, env: Environment, dag: str, number: str) -> Taken:
    """Seconds from the trigger to the mail and to the end."""
    began = time.time()
    api.start(dag, number)
    while (state := api.state(dag, number)) not in ("success", "failed"):
        if time.time() - began > SECONDS_TO_END:
            raise RunFailed(f"{dag} {number} is {state} after {SECONDS_TO_END} s")
        time.sleep(0.2)
    if state != "success":
        raise RunFailed(f"{dag} {number}: {state}")
    ends = {task["task_id"]: _moment(task["end_date"]) for task in _tasks(api, dag, number)}
    mailed = _mailed(env, number) if dag == PRODUCT else ends["answer"]
    return {"mail": mailed - began, "end": max(ends.values()) - began}


def _mailed(env: Environment, number: str) -> float:
    with transaction(env.register) as register:
        accepted = [mail.accepted_at for mail in outbox.mails(register, number) if mail.kind == ANSWER]
    if len(accepted) != 1 or accepted[0] is None:
        raise RunFailed(f"{number}: no accepted mail")
    return accepted[0].timestamp()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _tasks(api: AirflowApi, dag: str, number: str) -> list[dict[str, Any]]:
    path = f"/api/v2/dags/{dag}/dagRuns/{number}/taskInstances"
    found: list[dict[str, Any]] = api._call("GET", path, "show the tasks").json()["task_instances"]
    return found


def _refuse_another_shape(api: AirflowApi) -> None:
    shapes = {dag: _shape(api, dag) for dag in (PRODUCT, EMPTY)}
    if shapes[PRODUCT] != shapes[EMPTY]:
        raise NotTheSameShape(f"{EMPTY} has {shapes[EMPTY]}, {PRODUCT} has {shapes[PRODUCT]}")


def _shape(api: AirflowApi, dag: str) -> list[tuple[Any, ...]]:
    tasks = api._call("GET", f"/api/v2/dags/{dag}/tasks", "show the tasks").json()["tasks"]
    return sorted(
        (task["task_id"], task["pool"], task["trigger_rule"], tuple(sorted(task["downstream_task_ids"])))
        for task in tasks
    )
