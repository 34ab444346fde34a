"""An installation for tasks: a register and a mail server that are real, stores that do not answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from plugin_world import EMAIL, PERSON, MailServer, a_mail_server, stores_at

from avgflow.embedded.ports import Reservations
from avgflow.intake import parse
from avgflow.register import requests
from avgflow.register.requests import Request

Register = Callable[..., Request]


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    with a_mail_server(folder) as server:
        yield server


@pytest.fixture
def smtp_connection(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Point Airflow's connection to a mail server."""

    def to(port: int) -> None:
        extra = {"disable_ssl": True, "disable_tls": True, "retry_limit": 0}
        mail = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(mail))

    return to


@pytest.fixture
def installation(
    register: Any,
    mail_server: MailServer,
    smtp_connection: Callable[[int], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """A register of its own; the stores' port is one on which nobody listens."""
    with Reservations() as ports:
        nobody = ports.choose()
    variables = {"AVGFLOW_HOME": str(tmp_path), **register.environment(), **stores_at(nobody)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    smtp_connection(mail_server.port)
    return register


@pytest.fixture
def registered(installation: Any) -> Register:
    """Put a request on the register."""

    def put(**changes: Any) -> Request:
        given = {"right": "access", "email": EMAIL, "name": PERSON, "verified_by": "portal-login", **changes}
        with installation.engine.begin() as conn:
            due, extended = date(2999, 1, 1), date(2999, 3, 1)
            return requests.register_request(conn, installation.keyring, parse(**given), due, extended)

    return put


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The questions that Airflow was given, in order; there is no Airflow here to give them to."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: given.append(question))
    return given
