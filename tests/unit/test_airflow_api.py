"""Airflow's API as avgflow uses it, against a real HTTP server that answers as Airflow does."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tls_world import TestCa

from avgflow.airflow_api import AirflowApi, AirflowRefused, AirflowUnreachable
from avgflow.embedded.ports import Reservations
from avgflow.settings import Settings

DAG, NUMBER = "access_request", "AVG-2026-00042"
RUNS = f"/api/v2/dags/{DAG}/dagRuns"
QUESTIONS = f"{RUNS}/{NUMBER}/hitlDetails"
USER, PASSWORD, TOKEN = "officer", "not-a-real-password", "not-a-real-token"


class Airflow:
    """A server with an answer for each method and path; it keeps what it was asked."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.authorizations: list[str | None] = []
        airflow = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                if self.path == "/auth/token":
                    right = body == {"username": USER, "password": PASSWORD}
                    status, content = (201, {"access_token": TOKEN}) if right else (401, {"detail": "no"})
                else:
                    airflow.asked.append((self.command, self.path, body))
                    airflow.authorizations.append(self.headers.get("Authorization"))
                    status, content = airflow.answers.get((self.command, self.path), (404, {"detail": "not found"}))
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = _answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def asks(self, *details: dict[str, Any]) -> None:
        """Questions that a run waits for."""
        self.answers["GET", QUESTIONS] = (200, {"hitl_details": list(details)})
        for detail in details:
            task = detail["task_instance"]
            path = f"{RUNS}/{NUMBER}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"
            self.answers["PATCH", path] = (200, {})


def question(task: str = "identify", state: str = "awaiting_input", answered: bool = False) -> dict[str, Any]:
    return {
        "task_instance": {"task_id": task, "map_index": -1, "state": state},
        "response_received": answered,
        "params": {"verified_by": {}, "persons": {}},
    }


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    server = Airflow()
    yield server
    server.stop()


@pytest.fixture
def api(airflow: Airflow) -> AirflowApi:
    return AirflowApi(airflow.url + "/", USER, PASSWORD)


def test_a_start_holds_the_number_and_nothing_else(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    assert api.start(DAG, NUMBER)
    body = {"dag_run_id": NUMBER, "logical_date": None, "conf": {"request": NUMBER}}
    assert airflow.asked == [("POST", RUNS, body)]
    assert airflow.authorizations == [f"Bearer {TOKEN}"]


def test_a_run_knows_by_which_day_its_request_is_to_be_answered(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    assert api.start(DAG, NUMBER, due=date(2026, 12, 28))
    body = {"dag_run_id": NUMBER, "logical_date": None, "conf": {"request": NUMBER, "due": "2026-12-28"}}
    assert airflow.asked == [("POST", RUNS, body)]


def test_a_run_beside_that_of_a_request_is_named_by_its_occasion(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    assert api.start(DAG, NUMBER, f"{NUMBER}.extended")
    body = {"dag_run_id": f"{NUMBER}.extended", "logical_date": None, "conf": {"request": NUMBER}}
    assert airflow.asked == [("POST", RUNS, body)]


def test_a_second_start_does_nothing_and_says_so(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", RUNS] = (409, {"detail": "a run with this id exists"})
    assert not api.start(DAG, NUMBER)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "check AVGFLOW_AIRFLOW_USER and AVGFLOW_AIRFLOW_PASSWORD"),
        (403, "ask for the right"),
        (404, "try again in a minute"),
        (500, "see Airflow's api-server log"),
        (422, "see Airflow's api-server log"),
    ],
)
def test_a_refusal_says_what_was_refused_and_what_to_do(
    airflow: Airflow, api: AirflowApi, status: int, remedy: str
) -> None:
    airflow.answers["POST", RUNS] = (status, {"detail": "secret-detail"})
    with pytest.raises(AirflowRefused, match=f"refused to start the request .HTTP {status}.: .*{remedy}") as caught:
        api.start(DAG, NUMBER)
    assert caught.value.status == status
    assert "secret-detail" not in str(caught.value)


def test_a_wrong_password_is_refused_without_repeating_it(airflow: Airflow) -> None:
    with pytest.raises(AirflowRefused, match=r"refused to log in \(HTTP 401\)") as caught:
        AirflowApi(airflow.url, USER, "another-password").start(DAG, NUMBER)
    assert "another-password" not in str(caught.value)
    assert airflow.asked == []


def test_an_airflow_that_does_not_answer_is_named() -> None:
    with Reservations() as ports:
        nowhere = f"http://127.0.0.1:{ports.choose()}"
    with pytest.raises(AirflowUnreachable, match="make up"):
        AirflowApi(nowhere, USER, PASSWORD).start(DAG, NUMBER)


def test_who_cannot_be_verified_is_told_no_password(tmp_path: Path, airflow: Airflow) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    unknown = Airflow(TestCa(tmp_path).server("127.0.0.1"))
    unknown.answers["POST", RUNS] = (200, {})
    try:
        with pytest.raises(AirflowUnreachable):
            AirflowApi(unknown.url, USER, PASSWORD).start(DAG, NUMBER)
        assert unknown.asked == []
    finally:
        unknown.stop()
    assert AirflowApi(airflow.url, USER, PASSWORD).start(DAG, NUMBER), "without TLS there is nobody to verify"


def test_settings_without_airflow_are_the_same(tmp_path: Any) -> None:
    settings = Settings(home=tmp_path, airflow_url=None, airflow_user=None)
    with pytest.raises(AirflowUnreachable):
        AirflowApi.of(settings)


def test_the_settings_user_is_the_one_who_acts(airflow: Airflow, tmp_path: Any) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    settings = Settings(home=tmp_path, airflow_url=airflow.url, airflow_user=USER, airflow_password=SecretStr(PASSWORD))
    api = AirflowApi.of(settings)
    assert api.start(DAG, NUMBER)
    assert PASSWORD not in repr(api)


def test_a_proxy_of_the_environment_is_not_used(
    airflow: Airflow, api: AirflowApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    airflow.answers["POST", RUNS] = (200, {})
    assert api.start(DAG, NUMBER)


def test_a_run_that_is_not_there_has_no_state(airflow: Airflow, api: AirflowApi) -> None:
    assert api.state(DAG, NUMBER) is None
    airflow.answers["GET", f"{RUNS}/{NUMBER}"] = (200, {"state": "running"})
    assert api.state(DAG, NUMBER) == "running"


def test_a_task_that_did_not_begin_is_in_no_state(airflow: Airflow, api: AirflowApi) -> None:
    tasks = [{"task_id": "identify", "state": "success"}, {"task_id": "plan", "state": None}]
    airflow.answers["GET", f"{RUNS}/{NUMBER}/taskInstances"] = (200, {"task_instances": tasks})
    assert api.tasks(DAG, NUMBER) == {"identify": "success", "plan": "none"}


def test_an_answer_goes_to_the_question_that_is_open(airflow: Airflow, api: AirflowApi) -> None:
    airflow.asks(question("identify", answered=True), question("answer"))
    asked = api.question(DAG, NUMBER)
    assert asked is not None
    api.answer(asked, "Verder", {"persons": "1,2", "not_asked": "x"})
    method, path, body = airflow.asked[-1]
    assert (method, path) == ("PATCH", f"{RUNS}/{NUMBER}/taskInstances/answer/-1/hitlDetails")
    assert body == {"chosen_options": ["Verder"], "params_input": {"verified_by": None, "persons": "1,2"}}


@pytest.mark.parametrize(
    "details",
    [[], [question(answered=True)], [question(state="success")], [question(state="running"), question(answered=True)]],
)
def test_where_nothing_is_asked_there_is_no_question(
    airflow: Airflow, api: AirflowApi, details: list[dict[str, Any]]
) -> None:
    airflow.asks(*details)
    assert api.question(DAG, NUMBER) is None


def test_an_answer_that_somebody_else_gave_first_stands(airflow: Airflow, api: AirflowApi) -> None:
    airflow.asks(question("identify"))
    asked = api.question(DAG, NUMBER)
    assert asked is not None
    airflow.answers["PATCH", f"{RUNS}/{NUMBER}/taskInstances/identify/-1/hitlDetails"] = (409, {})
    api.answer(asked, "Verder", {})


def test_the_wait_of_a_task_is_ended_by_skipping_it(airflow: Airflow, api: AirflowApi) -> None:
    path = f"{RUNS}/{NUMBER}/taskInstances/approve"
    for status in (200, 409):
        airflow.answers["PATCH", path] = (status, {})
        api.skip(DAG, NUMBER, "approve")
    assert airflow.asked == [("PATCH", path, {"new_state": "skipped"})] * 2


def test_a_task_is_done_again_alone(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", f"/api/v2/dags/{DAG}/clearTaskInstances"] = (200, {})
    api.clear(DAG, NUMBER, "close")
    ((_, _, body),) = airflow.asked
    assert (body["task_ids"], body["dag_run_id"], body["dry_run"]) == (["close"], NUMBER, False)
    assert not body.get("include_downstream")


def test_pools_that_are_there_are_left_as_they_are(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", "/api/v2/pools"] = (409, {})
    api.ensure_pools(["store_crm", "store_orders"])
    assert [body["name"] for _, _, body in airflow.asked] == ["store_crm", "store_orders"]


def test_a_user_who_may_make_no_pools_is_told(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", "/api/v2/pools"] = (403, {})
    with pytest.raises(AirflowRefused, match="refused to make a pool"):
        api.ensure_pools(["store_crm"])


def test_a_session_logs_in_once(airflow: Airflow, api: AirflowApi) -> None:
    airflow.answers["POST", RUNS] = (200, {})
    api.start(DAG, NUMBER)
    client = api._client
    api.start(DAG, NUMBER)
    assert api._client is client
