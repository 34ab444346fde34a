"""After a restore of the register: what Airflow still knows of requests that the register has lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from handling_world import OFFICER, Office

from avgflow.airflow_api import AirflowApi, AirflowRefused
from avgflow.handling import restoring
from avgflow.handling.environment import Environment
from avgflow.register import events, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status


class Airflow:
    """Airflow's API as far as comparing it with the register goes: its runs, started and ended."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.ended: list[str] = []
        self.refuses: int | None = None

    def has(self, run_id: str, state: str, dag: str = "access_request") -> None:
        self.runs[run_id] = {"dag_id": dag, "dag_run_id": run_id, "state": state}

    def api(self) -> AirflowApi:
        client = httpx.Client(transport=httpx.MockTransport(self._answer), base_url="http://airflow")
        return AirflowApi("http://airflow", OFFICER, "secret", _client=client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v2/dags/")
        body = json.loads(request.content or b"{}")
        if request.method == "PATCH":
            if self.refuses:
                return httpx.Response(self.refuses)
            run_id = path.rpartition("/")[2]
            assert body == {"state": "failed"}
            self.ended.append(run_id)
            self.runs[run_id]["state"] = "failed"
            return httpx.Response(200, json={})
        if request.method == "POST":
            run_id = body["dag_run_id"]
            if run_id in self.runs:
                return httpx.Response(409)
            self.has(run_id, "queued", path.partition("/")[0])
            self.runs[run_id]["conf"] = body["conf"]
            return httpx.Response(200, json={})
        return httpx.Response(200, json={"dag_runs": list(self.runs.values())})


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def env(office: Office, airflow: Airflow) -> Environment:
    return replace(office.env, session=airflow.api())


def on_record(env: Environment) -> list[list[str]]:
    """The lost requests that each comparison put on record."""
    with transaction(env.register) as register:
        found = events.since(register, datetime(2026, 1, 1, tzinfo=UTC), (EventName.REGISTER_RESTORED,))
        return [event.detail["numbers"] for event in found]


def lost(office: Office, how_many: int = 1) -> list[str]:
    """The numbers of requests that came in after the backup, which the register does not know."""
    year, nth = office.register(email="niemand.hier@example.nl").split("-")[1:]
    return [f"AVG-{year}-{int(nth) + n:05d}" for n in range(5, 5 + how_many)]


def test_the_run_of_a_lost_request_that_was_still_at_work_is_ended(
    office: Office, env: Environment, airflow: Airflow
) -> None:
    known = office.register(email="bekend@example.nl")
    airflow.has(known, "running")
    waiting, working, over = lost(office, 3)
    airflow.has(waiting, "running", "erasure_request")
    airflow.has(working, "queued")
    airflow.has(over, "success")
    airflow.has(f"{over}.extended", "success", "notice")
    done = restoring.reconcile(env, OFFICER)
    assert (done.lost, done.ended) == ((waiting, working, over), (waiting, working))
    assert airflow.ended == [waiting, working]
    # Nobody gets a number again that one of these had.
    assert office.register(email="ook.niemand@example.nl") > over


def test_again_does_no_harm_and_ends_nothing_twice(office: Office, env: Environment, airflow: Airflow) -> None:
    [number] = lost(office)
    airflow.has(number, "running")
    restoring.reconcile(env, OFFICER)
    again = restoring.reconcile(env, OFFICER)
    assert (again.lost, again.ended) == ((number,), ())
    assert airflow.ended == [number]


def test_a_run_that_cannot_be_ended_is_ended_by_the_next_comparison(
    office: Office, env: Environment, airflow: Airflow
) -> None:
    [number] = lost(office)
    airflow.has(number, "running")
    airflow.refuses = 403
    with pytest.raises(AirflowRefused, match="end the run"):
        restoring.reconcile(env, OFFICER)
    airflow.refuses = None
    assert restoring.reconcile(env, OFFICER).ended == (number,)
    # What is known of it is on record each time, and the number is never given out.
    assert on_record(env) == [[number], [number]]
    assert office.register(email="ook.niemand@example.nl") > number


def test_what_is_known_to_both_keeps_its_run_and_what_lost_its_run_gets_one(
    office: Office, env: Environment, airflow: Airflow
) -> None:
    known, without, stopped, behind = (office.register(email=f"niemand{n}@example.nl") for n in range(4))
    with transaction(env.register) as register:
        requests.set_status(register, env.keyring, stopped, Status.STOPPED, reason="Stopped by officer.")
    airflow.has(known, "running")
    airflow.has(behind, "success")
    done = restoring.reconcile(env, OFFICER)
    assert (done.lost, done.ended, done.started, done.behind) == ((), (), (without,), (behind,))
    assert airflow.runs[known]["state"] == "running"
    assert airflow.runs[without]["dag_id"] == "access_request"
    # As at its first start: by this Airflow knows whose deadline is the nearest.
    assert airflow.runs[without]["conf"] == {"request": without, "due": office.request(without).due.isoformat()}
    assert stopped not in airflow.runs
