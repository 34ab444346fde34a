"""Reading a request's runs from Airflow: which runs are its own, every try, and what is not there any more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from avgflow.airflow_api import AirflowApi, AirflowRefused
from avgflow.airflow_runs import PAGE, lines_of, of_request

NUMBER = "AVG-2026-00042"
MOMENT = "2026-11-25T10:00:00Z"


def a_run(run_id: str, dag: str = "access_request", queued: str = MOMENT) -> dict[str, Any]:
    version = {"dag_id": dag, "version_number": 2, "bundle_name": "b", "bundle_version": "4f2c", "created_at": MOMENT}
    moments = {"queued_at": queued, "start_date": queued, "end_date": None}
    return {"dag_id": dag, "dag_run_id": run_id, "state": "running", **moments, "dag_versions": [version]}


def a_task(task_id: str, map_index: int = -1) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "start_date": MOMENT, "task_display_name": task_id}


def a_try(number: int, started: str | None = MOMENT) -> dict[str, Any]:
    return {"try_number": number, "state": "success", "start_date": started, "end_date": MOMENT}


class Airflow:
    """Airflow's API as far as a test fills it; anything else is not there."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[httpx.Request] = []

    def api(self) -> AirflowApi:
        client = httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://airflow")
        return AirflowApi("http://airflow", "officer", "secret", _client=client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers.get(request.url.path.removeprefix("/api/v2"))
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found(request)
        if found is None:
            return httpx.Response(404)
        if isinstance(found, int):
            return httpx.Response(found)
        return httpx.Response(200, text=found) if isinstance(found, str) else httpx.Response(200, json=found)


@pytest.fixture
def airflow() -> Airflow:
    made = Airflow()
    run = f"/dags/access_request/dagRuns/{NUMBER}"
    made.answers = {
        "/dags/~/dagRuns": {"dag_runs": [a_run(NUMBER)]},
        f"{run}/taskInstances": {"task_instances": [a_task("crm")]},
        f"{run}/taskInstances/crm/tries": {"task_instances": [a_try(2), a_try(1)]},
        f"{run}/taskInstances/crm/logs/1": json.dumps({"event": "één", "timestamp": MOMENT}) + "\n",
        f"{run}/taskInstances/crm/logs/2": json.dumps({"event": "twee", "timestamp": MOMENT}) + "\n",
        "/dagSources/access_request": {"content": "# dag\n"},
        "/dags/access_request/tasks": {"tasks": [{"task_id": "crm", "task_display_name": "Klantrelatiesysteem"}]},
    }
    return made


def test_every_try_has_its_lines_in_order(airflow: Airflow) -> None:
    (run,) = of_request(airflow.api(), NUMBER)
    (task,) = run.tasks
    assert [(one.number, one.log and one.log[0]["event"]) for one in task.tries] == [(1, "één"), (2, "twee")]
    (version,) = run.versions
    assert (version.number, version.bundle_version, version.source) == (2, "4f2c", "# dag\n")
    logs = [request for request in airflow.asked if "/logs/" in request.url.path]
    assert {request.headers["accept"] for request in logs} == {"application/x-ndjson"}
    assert {dict(request.url.params)["full_content"] for request in logs} == {"true"}


def test_a_task_is_called_as_its_dag_calls_it(airflow: Airflow) -> None:
    assert [task.title for run in of_request(airflow.api(), NUMBER) for task in run.tasks] == ["Klantrelatiesysteem"]
    del airflow.answers["/dags/access_request/tasks"]
    assert [task.title for run in of_request(airflow.api(), NUMBER) for task in run.tasks] == ["crm"]


def test_runs_beside_its_own_are_its_and_those_of_a_longer_number_are_not(airflow: Airflow) -> None:
    beside, other = a_run(f"{NUMBER}.extended", "notice", "2026-11-24T00:00:00Z"), a_run(f"{NUMBER}7")
    airflow.answers["/dags/~/dagRuns"] = {"dag_runs": [a_run(NUMBER), other, beside]}
    airflow.answers[f"/dags/notice/dagRuns/{NUMBER}.extended/taskInstances"] = {"task_instances": []}
    assert [run.id for run in of_request(airflow.api(), NUMBER)] == [f"{NUMBER}.extended", NUMBER]


def test_what_airflow_let_go_is_missing_and_no_fault(airflow: Airflow) -> None:
    del airflow.answers["/dagSources/access_request"]
    for path in [path for path in airflow.answers if "/logs/" in path]:
        del airflow.answers[path]
    (run,) = of_request(airflow.api(), NUMBER)
    assert run.versions[0].source is None
    assert [one.log for one in run.tasks[0].tries] == [None, None]
    airflow.answers["/dags/~/dagRuns"] = {"dag_runs": []}
    assert of_request(airflow.api(), NUMBER) == ()


def test_a_try_that_never_ran_is_not_asked_for_its_log(airflow: Airflow) -> None:
    tries = f"/dags/access_request/dagRuns/{NUMBER}/taskInstances/crm/tries"
    airflow.answers[tries] = {"task_instances": [a_try(0), a_try(1, None)]}
    (run,) = of_request(airflow.api(), NUMBER)
    assert [(one.number, one.log) for one in run.tasks[0].tries] == [(1, None)]
    assert not [request for request in airflow.asked if "/logs/" in request.url.path]


@pytest.mark.parametrize("path", ["/dags/~/dagRuns", "/dagSources/access_request"])
def test_a_refusal_is_a_refusal(airflow: Airflow, path: str) -> None:
    airflow.answers[path] = 403
    with pytest.raises(AirflowRefused):
        of_request(airflow.api(), NUMBER)


def test_more_than_a_page_is_read_whole(airflow: Airflow) -> None:
    run = f"/dags/access_request/dagRuns/{NUMBER}"
    tasks = [a_task(f"t{n:03}") for n in range(2 * PAGE + 1)]

    def page(request: httpx.Request) -> dict[str, Any]:
        offset = int(request.url.params["offset"])
        return {"task_instances": tasks[offset : offset + int(request.url.params["limit"])]}

    airflow.answers[f"{run}/taskInstances"] = page
    for task in tasks:
        airflow.answers[f"{run}/taskInstances/{task['task_id']}/tries"] = {"task_instances": []}
    (found,) = of_request(airflow.api(), NUMBER)
    assert len(found.tasks) == len(tasks)


def test_only_the_lines_on_where_a_log_lies_are_left_out() -> None:
    said = ["::group::Log message source details sources=[]", "/home/x/attempt=1.log", "::endgroup::", "Plan gemaakt"]
    text = "\n".join(json.dumps({"event": line}) for line in [*said, "::group::Post Execute", "::endgroup::"]) + "\n\n"
    assert [line["event"] for line in lines_of(text)] == ["Plan gemaakt", "::group::Post Execute", "::endgroup::"]
    assert list(lines_of(json.dumps("a bare line"))) == [{"event": "a bare line"}]
