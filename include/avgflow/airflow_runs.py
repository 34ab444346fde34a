"""What Airflow keeps of a request's runs: their tasks, every try with its log, and the code that they ran.

Read through Airflow's REST API, so that Airflow's own rights hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from avgflow.airflow_api import AirflowApi, AirflowRefused

PAGE = 100
"""Entries that Airflow gives at once."""
NDJSON = "application/x-ndjson"
PLACES = "::group::Log message source details"
"""How Airflow begins the lines that say where a log was read."""


@dataclass(frozen=True)
class Version:
    """The code of a DAG as a run had it: Airflow's own count, and the bundle's version (a commit) where it has one.

    `source`: the DAG file as Airflow kept it, None where it is not there any more.
    """

    dag_id: str
    number: int
    bundle: str | None
    bundle_version: str | None
    created_at: str
    source: str | None


@dataclass(frozen=True)
class Try:
    """One try of a task; times in ISO 8601. `log`: its lines, a JSON object each; None where Airflow has none,
    or where it is withheld because it names the person.
    """

    number: int
    state: str | None
    started: str | None
    ended: str | None
    log: tuple[Mapping[str, Any], ...] | None
    withheld: bool = False


@dataclass(frozen=True)
class Task:
    """A task of a run, with all of its tries."""

    id: str
    title: str
    map_index: int
    tries: tuple[Try, ...]


@dataclass(frozen=True)
class Run:
    """One run: the request's own, or one beside it (`AVG-2026-00042.extended`)."""

    dag_id: str
    title: str
    id: str
    state: str
    queued: str | None
    started: str | None
    ended: str | None
    versions: tuple[Version, ...]
    tasks: tuple[Task, ...]


def of_request(api: AirflowApi, number: str) -> tuple[Run, ...]:
    """All runs of a request, in the order in which they were queued; none where Airflow has let them go."""
    found = [run for run in _runs(api, number) if run["dag_run_id"].partition(".")[0] == number]
    found.sort(key=lambda run: (run["queued_at"] or "", run["dag_run_id"]))
    return tuple(_run(api, run) for run in found)


@dataclass(frozen=True)
class Own:
    """A request's own run, by its number, and where it stands."""

    dag_id: str
    id: str
    state: str


def of_requests(api: AirflowApi) -> Iterator[Own]:
    """The own run of every request that Airflow has one of."""
    for run in _runs(api, "AVG-"):
        if "." not in run["dag_run_id"]:
            yield Own(run["dag_id"], run["dag_run_id"], run["state"])


@dataclass(frozen=True)
class Seen:
    """A task of a run as it stands; `tries`: how many there were, the last of which counts."""

    id: str
    title: str
    map_index: int
    state: str | None
    tries: int
    started: str | None
    ended: str | None


def tasks(api: AirflowApi, dag_id: str, run_id: str) -> tuple[Seen, ...]:
    """The tasks of one run, in the order in which they ran; `AirflowRefused` where there is no such run (404)."""
    path = f"{_path(dag_id, run_id)}/taskInstances"
    found = sorted(_pages(api, path, "show the tasks", "task_instances"), key=_begun)
    titles = _titles(api, dag_id)
    return tuple(
        Seen(
            task["task_id"],
            titles.get(task["task_id"], task["task_id"]),
            task["map_index"],
            task["state"],
            task["try_number"],
            task["start_date"],
            task["end_date"],
        )
        for task in found
    )


def log(api: AirflowApi, dag_id: str, run_id: str, task_id: str, number: int) -> Sequence[Mapping[str, Any]]:
    """The lines of a try of a task; none where Airflow has no log of it."""
    return _log(api, f"{_path(dag_id, run_id)}/taskInstances/{quote(task_id, safe='')}", -1, number) or ()


def _path(dag_id: str, run_id: str) -> str:
    return f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"


def _runs(api: AirflowApi, number: str) -> Iterator[Mapping[str, Any]]:
    yield from _pages(api, "/dags/~/dagRuns", "show the runs", "dag_runs", run_id_prefix_pattern=number)


def _run(api: AirflowApi, run: Mapping[str, Any]) -> Run:
    dag, run_id = run["dag_id"], run["dag_run_id"]
    path = _path(dag, run_id)
    found = _pages(api, f"{path}/taskInstances", "show the tasks", "task_instances")
    titles = _titles(api, dag)
    return Run(
        dag_id=dag,
        title=run.get("dag_display_name") or dag,
        id=run_id,
        state=run["state"],
        queued=run["queued_at"],
        started=run["start_date"],
        ended=run["end_date"],
        versions=tuple(_version(api, version) for version in run.get("dag_versions") or ()),
        tasks=tuple(_task(api, path, task, titles) for task in sorted(found, key=_begun)),
    )


def _titles(api: AirflowApi, dag_id: str) -> Mapping[str, str]:
    """What the tasks of a DAG are called; none where Airflow has no such DAG any more.

    With a run's own tasks Airflow 3.3.2 gives their ids for names.
    """
    try:
        found = api.read(f"/dags/{quote(dag_id, safe='')}/tasks", "show the tasks of a DAG").json()["tasks"]
    except AirflowRefused as refused:
        if refused.status != 404:
            raise
        return {}
    return {task["task_id"]: task["task_display_name"] or task["task_id"] for task in found}


def _begun(task: Mapping[str, Any]) -> tuple[str, str, int]:
    """Those that ran first come first; one that never ran comes last."""
    return task["start_date"] or "~", task["task_id"], task["map_index"]


def _version(api: AirflowApi, version: Mapping[str, Any]) -> Version:
    dag, number = version["dag_id"], version["version_number"]
    return Version(
        dag_id=dag,
        number=number,
        bundle=version["bundle_name"],
        bundle_version=version["bundle_version"],
        created_at=version["created_at"],
        source=_source(api, dag, number),
    )


def _source(api: AirflowApi, dag: str, number: int) -> str | None:
    try:
        response = api.read(f"/dagSources/{quote(dag, safe='')}", "show a DAG's source", version_number=number)
    except AirflowRefused as refused:
        if refused.status != 404:
            raise
        return None
    content: str = response.json()["content"]
    return content


def _task(api: AirflowApi, run: str, task: Mapping[str, Any], titles: Mapping[str, str]) -> Task:
    task_id, map_index = task["task_id"], task["map_index"]
    path = f"{run}/taskInstances/{quote(task_id, safe='')}"
    tries = api.read(f"{path}/{map_index}/tries" if map_index >= 0 else f"{path}/tries", "show the tries of a task")
    found = sorted(tries.json()["task_instances"], key=lambda one: one["try_number"])
    return Task(
        task_id,
        titles.get(task_id, task_id),
        map_index,
        tuple(_try(api, path, map_index, one) for one in found if one["try_number"]),
    )


def _try(api: AirflowApi, path: str, map_index: int, one: Mapping[str, Any]) -> Try:
    number = one["try_number"]
    log = _log(api, path, map_index, number) if one["start_date"] else None
    return Try(number, one["state"], one["start_date"], one["end_date"], log)


def _log(api: AirflowApi, path: str, map_index: int, number: int) -> tuple[Mapping[str, Any], ...] | None:
    asked: dict[str, str | int] = {"map_index": map_index, "full_content": "true"}
    try:
        response = api.read(f"{path}/logs/{number}", "show a task's log", NDJSON, **asked)
    except AirflowRefused as refused:
        if refused.status != 404:
            raise
        return None
    return tuple(lines_of(response.text)) or None


def lines_of(text: str) -> Iterator[Mapping[str, Any]]:
    """The lines of a log as Airflow gives them, less those in front that say on which machine its file lies."""
    of_places = False
    for line in text.splitlines():
        if not line.strip():
            continue
        content = json.loads(line)
        entry = content if isinstance(content, Mapping) else {"event": str(content)}
        event = str(entry.get("event", ""))
        if event.startswith(PLACES):
            of_places = True
        if not of_places:
            yield entry
        if event.startswith("::endgroup::"):
            of_places = False


def _pages(api: AirflowApi, path: str, doing: str, key: str, **query: str) -> Iterator[Mapping[str, Any]]:
    offset = 0
    while True:
        page: Sequence[Mapping[str, Any]] = api.read(path, doing, limit=PAGE, offset=offset, **query).json()[key]
        yield from page
        offset += len(page)
        if len(page) < PAGE:
            return
