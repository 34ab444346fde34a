"""The run of a withdrawn request is brought to its end, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from real_postgres import Register
from register_world import a_request

from avgflow.airflow_api import AirflowApi, AirflowUnreachable
from avgflow.handling import ending, withdrawing
from avgflow.handling.ending import RunStillOpen
from avgflow.intake import Right
from avgflow.register.requests import Request

DAG = "erasure_request"


@dataclass
class Airflow(AirflowApi):
    """Airflow as it behaves: a run whose tasks wait ends once they are skipped, or once its last task is done again."""

    url: str = ""
    user: str = ""
    password: str = ""
    run: str | None = "running"
    waiting: dict[str, str] = field(default_factory=dict)
    did: list[tuple[str, ...]] = field(default_factory=list)

    def state(self, dag_id: str, number: str) -> str | None:
        assert dag_id == DAG
        if self.run == "running" and not self.waiting:
            self.run = "success"
        return self.run

    def tasks(self, dag_id: str, number: str) -> dict[str, str]:
        return {"identify": "success", **self.waiting, "close": "none"}

    def start(self, dag_id: str, number: str) -> bool:
        self.did.append(("start",))
        self.run = "running"
        return True

    def clear(self, dag_id: str, number: str, task_id: str) -> None:
        self.did.append(("clear", task_id))
        self.run = "running"

    def skip(self, dag_id: str, number: str, task_id: str) -> None:
        self.did.append(("skip", task_id))
        del self.waiting[task_id]


@pytest.fixture
def request_(register: Register) -> Iterator[Request]:
    with register.engine.begin() as conn:
        yield replace(a_request(conn, register.keyring), right=Right.ERASURE)


@pytest.mark.parametrize("state", ["awaiting_input", "deferred", "up_for_retry"])
def test_what_waits_is_skipped(state: str, request_: Request) -> None:
    airflow = Airflow(waiting={"approve": state})
    withdrawing.end_run(airflow, request_)
    assert airflow.did == [("skip", "approve")]


def test_a_run_that_failed_gives_its_verdict_anew(request_: Request) -> None:
    airflow = Airflow(run="failed")
    withdrawing.end_run(airflow, request_)
    assert airflow.did == [("clear", "close")]


def test_a_run_that_was_never_started_is_for_the_confirmation(request_: Request) -> None:
    airflow = Airflow(run=None)
    withdrawing.end_run(airflow, request_)
    assert airflow.did == [("start",)]


def test_a_run_that_ended_well_is_left_alone(request_: Request) -> None:
    airflow = Airflow(run="success")
    withdrawing.end_run(airflow, request_)
    assert airflow.did == []


def test_a_task_at_work_is_not_interrupted(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "SECONDS", 0.5)
    airflow = Airflow(waiting={"plan": "running"})
    with pytest.raises(RunStillOpen, match=f"avgflow request withdraw {request_.number}"):
        withdrawing.end_run(airflow, request_)
    assert airflow.did == []


def test_an_airflow_that_does_not_answer_leaves_the_run_open_and_says_so(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise AirflowUnreachable

    monkeypatch.setattr(Airflow, "state", nobody)
    with pytest.raises(RunStillOpen, match="make up"):
        withdrawing.end_run(Airflow(), request_)
