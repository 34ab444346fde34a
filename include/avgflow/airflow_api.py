"""Airflow's REST API, as much of it as starting a run and answering a question takes.

Intake and answers go through it whatever the entry (page, command line, REST), so that Airflow's own rights hold and
there is one approval, on record with who gave it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

import httpx

from avgflow.errors import AvgflowError
from avgflow.settings import Settings


class AirflowUnreachable(AvgflowError):
    """Airflow's API does not answer."""

    def __init__(self) -> None:
        super().__init__("Airflow does not answer. Start it (make up) or check AVGFLOW_AIRFLOW_URL.")


class AirflowRefused(AvgflowError):
    """Airflow's API answered with an error."""

    def __init__(self, doing: str, status: int) -> None:
        hint = {
            401: "check AVGFLOW_AIRFLOW_USER and AVGFLOW_AIRFLOW_PASSWORD",
            403: "this user may not do that; ask for the right",
            404: "it is not there (yet); Airflow may still be reading its DAGs, try again in a minute",
        }.get(status, "see Airflow's api-server log")
        super().__init__(f"Airflow refused to {doing} (HTTP {status}): {hint}.")
        self.status = status


@dataclass(frozen=True)
class Question:
    """An open question of a run."""

    dag_id: str
    number: str
    task_id: str
    map_index: int
    fields: tuple[str, ...]
    """What its form asks for."""


@dataclass
class AirflowApi:
    """A session of one user; logs in when first used. Every call may raise `AirflowUnreachable` or `AirflowRefused`."""

    url: str
    user: str
    password: str = field(repr=False)
    token: str = field(default="", repr=False)
    """Of a session that there is already; else one is asked for with the password."""
    _client: httpx.Client | None = field(default=None, repr=False)

    @classmethod
    def of_token(cls, url: str, user: str, token: str) -> AirflowApi:
        """The session that a user has already: whoever is logged in at Airflow's own page."""
        return cls(url, user, "", token)

    @classmethod
    def of(cls, settings: Settings) -> AirflowApi:
        """The user of the settings."""
        if not settings.airflow_url or not settings.airflow_user:
            raise AirflowUnreachable
        return cls(settings.airflow_url, settings.airflow_user, settings.secret("airflow_password"))

    def start(self, dag_id: str, number: str, run_id: str | None = None, due: date | None = None) -> bool:
        """Start the run of a request; False where it was started before (then nothing happens).

        The run's id is the number, which makes a second start impossible. Its configuration is the number and, where
        given, the day by which it is to be answered, for the nearest deadline goes first. A run beside that one has an
        id that says its occasion (`AVG-2026-00042.extended`).
        """
        conf = {"request": number, **({"due": due.isoformat()} if due else {})}
        body = {"dag_run_id": run_id or number, "logical_date": None, "conf": conf}
        response = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", "start the request", body, accepted=(409,))
        return response.status_code != 409

    def start_by_hand(self, dag_id: str, run_id: str) -> None:
        """Start a run that takes nothing from who starts it."""
        body: dict[str, Any] = {"dag_run_id": run_id, "logical_date": None, "conf": {}}
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", "start the run", body, accepted=(409,))

    def state(self, dag_id: str, number: str) -> str | None:
        """The state of a request's run (`queued`, `running`, `success`, `failed`), None where there is no run."""
        response = self._call("GET", _run(dag_id, number), "show the run", accepted=(404,))
        return None if response.status_code == 404 else str(response.json()["state"])

    def tasks(self, dag_id: str, number: str) -> dict[str, str]:
        """The state of each task of a run."""
        path = f"{_run(dag_id, number)}/taskInstances"
        found = self._call("GET", path, "show the tasks").json()["task_instances"]
        return {task["task_id"]: task["state"] or "none" for task in found}

    def skip(self, dag_id: str, number: str, task_id: str) -> None:
        """Have a task skipped that waits for something; those after it are skipped too. One that is skipped or has
        ended meanwhile is left alone.
        """
        path = f"{_run(dag_id, number)}/taskInstances/{task_id}"
        self._call("PATCH", path, "end the wait of a task", {"new_state": "skipped"}, accepted=(409,))

    def end(self, dag_id: str, number: str) -> None:
        """Have a run end as failed, whatever of it is at work or waits."""
        self._call("PATCH", _run(dag_id, number), "end the run", {"state": "failed"}, accepted=(404,))

    def clear(self, dag_id: str, number: str, *task_ids: str) -> None:
        """Have tasks of a run done again."""
        body = {"dry_run": False, "only_failed": False, "dag_run_id": number, "task_ids": list(task_ids)}
        self._call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", "do a task again", body)

    def clear_failed(self, dag_id: str, number: str) -> None:
        """Have every task of a run done again that failed, or could not begin because of that."""
        body = {"dry_run": False, "only_failed": True, "dag_run_id": number}
        self._call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", "do the failed tasks again", body)

    def clear_from(self, dag_id: str, number: str, task_id: str) -> None:
        """Have a task of a run done again, and all that follow it."""
        more = {"task_ids": [task_id], "include_downstream": True}
        body = {"dry_run": False, "only_failed": False, "dag_run_id": number, **more}
        self._call("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", "do tasks again", body)

    def question(self, dag_id: str, number: str) -> Question | None:
        """The question that a run waits for now, None where it waits for none."""
        path = f"{_run(dag_id, number)}/hitlDetails"
        for detail in self._call("GET", path, "read the question").json()["hitl_details"]:
            task = detail["task_instance"]
            if not detail.get("response_received") and task["state"] == "awaiting_input":
                return Question(dag_id, number, task["task_id"], task["map_index"], tuple(detail.get("params") or {}))
        return None

    def answer(self, question: Question, option: str, inputs: Mapping[str, Any]) -> None:
        """Answer a question. `inputs` that are not asked are left out, those that are and not given are null; an answer
        that somebody else gave first stands.
        """
        run = _run(question.dag_id, question.number)
        self._call(
            "PATCH",
            f"{run}/taskInstances/{question.task_id}/{question.map_index}/hitlDetails",
            "answer the question",
            {"chosen_options": [option], "params_input": {name: inputs.get(name) for name in question.fields}},
            accepted=(409,),
        )

    def read(self, path: str, doing: str, accept: str = "application/json", **query: str | int) -> httpx.Response:
        """What stands at a path below `/api/v2`, in another form where `accept` asks for one."""
        return self._call("GET", f"/api/v2{path}", doing, query=query, headers={"Accept": accept})

    def ensure_pools(self, pools: Iterable[str], slots: int = 4) -> None:
        """Make the pools that are not there yet; a task whose pool is missing would wait for ever in silence."""
        for pool in pools:
            body = {"name": pool, "slots": slots, "description": "Tasks at work on this store at once."}
            self._call("POST", "/api/v2/pools", "make a pool", {**body, "include_deferred": False}, accepted=(409,))

    def _call(
        self,
        method: Literal["GET", "POST", "PATCH"],
        path: str,
        doing: str,
        body: Mapping[str, Any] | None = None,
        accepted: tuple[int, ...] = (),
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            if self._client is None:
                self._client = self._logged_in()
            response = self._client.request(method, path, json=body, params=query, headers=headers)
        except httpx.HTTPError:
            raise AirflowUnreachable from None
        if response.is_error and response.status_code not in accepted:
            raise AirflowRefused(doing, response.status_code)
        return response

    def _logged_in(self) -> httpx.Client:
        # No environment: a proxy meant for the outside has no business between the command line and Airflow.
        client = httpx.Client(base_url=self.url.rstrip("/"), timeout=30, trust_env=False, verify=speaks_tls(self.url))
        token = self.token
        if not token:
            response = client.post("/auth/token", json={"username": self.user, "password": self.password})
            if response.is_error:
                raise AirflowRefused("log in", response.status_code)
            token = response.json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def speaks_tls(url: str) -> bool:
    """Whether the other side is to be verified. To read whom this machine trusts takes longer than a plain call."""
    return not url.lower().startswith("http://")


def _run(dag_id: str, run_id: str) -> str:
    """The path of a run; the id of one that the clock started holds signs that mean something in a path."""
    return f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
