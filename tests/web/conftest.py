"""The page's app as Airflow mounts it, on a register that is real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers import base_auth_manager
from fastapi import FastAPI
from web_world import As, Calls, log_in, program

from avgflow.airflow_api import AirflowApi
from avgflow.intake import parse
from avgflow.mounted import PAGE
from avgflow.register import requests
from avgflow_airflow.web import installation as installed
from avgflow_airflow.web.app import create_app
from avgflow_airflow.web.portal import account
from avgflow_airflow.web.portal.pace import Pace


@pytest.fixture
def web(register: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    variables = {
        "AVGFLOW_HOME": str(tmp_path),
        "AVGFLOW_AIRFLOW_URL": "http://127.0.0.1:9",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "passwords.json"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-this-test-and-no-other-and-long-enough-for-hs512-to-be-content-with-it",
        **register.environment(),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    # Airflow's own database is not here; it would be asked for tokens of people who logged out.
    monkeypatch.setattr(base_auth_manager.RevokedToken, "is_revoked", lambda jti: False)
    parent = FastAPI()
    parent.mount(PAGE, create_app())
    airflow_app.init_auth_manager(parent)
    monkeypatch.setattr(account, "PACE", Pace())
    yield parent
    installed._register.cache_clear()
    airflow_app._AuthManagerState.instance = None


@pytest.fixture
def as_(web: FastAPI) -> As:
    """The browser of a user of the demonstration, or of nobody."""
    manager = airflow_app.get_auth_manager()
    return lambda login: log_in(web, manager, login)


@pytest.fixture
def calls(web: FastAPI) -> Calls:
    """The program of a user of the demonstration, or of nobody."""
    manager = airflow_app.get_auth_manager()
    return lambda login, role=None: program(web, manager, login, role)


@pytest.fixture
def started(web: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """The runs that Airflow was asked to start: by whom, of which DAG, of which request. Each can be started once."""
    runs: list[tuple[str, str, str]] = []

    def start(self: AirflowApi, dag_id: str, number: str, run_id: str | None = None, due: date | None = None) -> bool:
        new = all(number != there for _, _, there in runs)
        if new:
            runs.append((self.user, dag_id, number))
        return new

    monkeypatch.setattr(AirflowApi, "start", start)
    return runs


@pytest.fixture
def request_on_register(web: FastAPI, register: Any) -> str:
    """A request for access that waits for nothing; its number."""
    intake = parse(right="access", email="iemand@example.nl", name="Iemand", verified_by="portal-login")
    with register.engine.begin() as conn:
        made = requests.register_request(conn, register.keyring, intake, date(2999, 1, 1), date(2999, 3, 1), "officer")
    return made.number
