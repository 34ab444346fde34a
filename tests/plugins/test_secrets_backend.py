"""A store's connection that stands in Airflow's secrets backend only: for a task, and for the command line.

The backend is Airflow's own for files (`LocalFilesystemBackend`); Vault and the clouds' secret managers take its place
by the same two settings.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from real_postgres import Register

from avgflow import airflow_connections
from avgflow.errors import WrongSetting
from avgflow.settings import Settings
from avgflow.stores.session import connected, reading
from avgflow_airflow.environment import environment

AWKWARD = "p@ss:/?w%20rd'\"#"


@pytest.fixture
def crm(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A store's connection in a secrets backend, and in no variable; its database is one that answers."""
    found = urlsplit(register.owner_dsn)
    fields = {
        "conn_type": "postgres", "host": found.hostname, "port": found.port, "login": found.username,
        "password": found.password, "schema": register.name, "extra": {"sslmode": "prefer", "cursor": "dictcursor"},
    }  # fmt: skip
    secrets = tmp_path / "connections.json"
    awkward = {**fields, "host": "db1.example", "password": AWKWARD, "extra": {"sslmode": "require"}}
    secrets.write_text(json.dumps({"store_crm": fields, "store_orders": awkward}))
    for name in ("CRM", "ORDERS", "MARKETING"):
        monkeypatch.delenv(f"AIRFLOW_CONN_STORE_{name}", raising=False)
    monkeypatch.setenv("AVGFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "airflow.secrets.local_filesystem.LocalFilesystemBackend")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps({"connections_file_path": str(secrets)}))
    airflow_connections.dsn.cache_clear()
    # Airflow keeps its backends as long as a process lives, and with them the file of an earlier test.
    monkeypatch.setattr("airflow.sdk.configuration._secrets_backend_cache", {})
    return fields


def test_a_task_finds_a_store_in_the_secrets_backend(crm: dict[str, object], register: Register) -> None:
    with environment() as env:
        dsn = env.dsn_of("store_crm")
    with reading(connected(dsn, "crm"), "crm"):
        pass
    known = psycopg.conninfo.conninfo_to_dict(dsn)
    assert (known["dbname"], known["sslmode"]) == (register.name, "prefer")
    assert "cursor" not in known


def test_what_a_connection_says_of_tls_reaches_the_store_in_a_task(crm: dict[str, object]) -> None:
    """Airflow's own `get_uri` leaves it out."""
    with environment() as env:
        known = psycopg.conninfo.conninfo_to_dict(env.dsn_of("store_orders"))
    assert (known["host"], known["password"], known["sslmode"]) == ("db1.example", AWKWARD, "require")


def test_the_command_line_finds_a_store_in_the_secrets_backend(crm: dict[str, object], register: Register) -> None:
    settings = Settings.load()
    dsn = settings.store_dsn("store_crm")
    with reading(connected(dsn, "crm"), "crm"):
        pass
    assert psycopg.conninfo.conninfo_to_dict(dsn)["dbname"] == register.name
    assert psycopg.conninfo.conninfo_to_dict(settings.store_dsn("store_orders"))["password"] == AWKWARD


def test_a_variable_goes_before_the_backend(crm: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_STORE_CRM", "postgresql://u:p@127.0.0.1/other")
    assert Settings.load().store_dsn("store_crm") == "postgresql://u:p@127.0.0.1/other"


def test_what_the_backend_does_not_know_is_told_without_what_it_knows(crm: dict[str, object]) -> None:
    with pytest.raises(WrongSetting, match="store_marketing") as refused:
        Settings.load().store_dsn("store_marketing")
    assert str(crm["password"]) not in str(refused.value)
    assert os.environ["AIRFLOW__SECRETS__BACKEND_KWARGS"] not in str(refused.value)
