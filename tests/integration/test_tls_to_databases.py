"""TLS to stores and register: verified unless the connection says otherwise, with one clear line where it is not so.

The embedded PostgreSQL is built without TLS, so `TlsInFront` speaks it in its place; libpq's own checks are real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from real_postgres import Register, Server
from tls_world import TestCa, TlsInFront
from typer.testing import CliRunner

from avgflow import cli
from avgflow.errors import StoreUnreachable
from avgflow.handling import in_transit
from avgflow.register.database import RegisterUnreachable, transaction
from avgflow.settings import Settings, engine
from avgflow.stores.session import connected, reading
from avgflow.transport import dsn_of, secured, transport

HOST = "register.test.example"


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestCa:
    made = TestCa(tmp_path / "ca")
    monkeypatch.setenv("AVGFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AVGFLOW_CA_FILE", str(made.file))
    for name in ("PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def front(pg: Server, ca: TestCa) -> Iterator[TlsInFront]:
    made = TlsInFront(pg.state.ports.postgres, ca.server(HOST))
    yield made
    made.close()


def through(dsn: str, front: TlsInFront, more: str = "", host: str = HOST) -> str:
    """The DSN by way of TLS: the name is that of the certificate, the address this machine's."""
    parts = urlsplit(dsn)
    return f"postgresql://{parts.username}:{parts.password}@{host}:{front.port}{parts.path}?hostaddr=127.0.0.1{more}"


def test_a_host_that_is_not_this_machine_is_reached_encrypted_and_verified(
    register: Register, front: TlsInFront
) -> None:
    over_tls = engine(through(register.app_dsn, front))
    with over_tls.connect() as conn:
        assert conn.connection.driver_connection.pgconn.ssl_in_use
    over_tls.dispose()
    assert front.encrypted == 1


def test_whom_the_machine_trusts_is_trusted_where_nothing_else_is_said(
    register: Register, front: TlsInFront, ca: TestCa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVGFLOW_CA_FILE")
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.file))
    with transaction(engine(through(register.app_dsn, front))):
        pass
    assert front.encrypted == 1


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("host", "its certificate is of another host"),
        ("expired", "its certificate has expired, or is of nobody who is trusted"),
        ("unknown", "its certificate has expired, or is of nobody who is trusted"),
        ("without", "it speaks no TLS"),
        ("no file", "the file of whom to trust cannot be read"),
    ],
)
def test_what_is_wrong_with_it_is_told_in_one_line_and_nothing_is_sent(
    trouble: str, told: str, pg: Server, register: Register, ca: TestCa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {
        "host": ca.server("another.test.example"),
        "expired": ca.server(HOST, ends=timedelta(days=-1)),
        "unknown": TestCa(tmp_path / "other").server(HOST),
    }.get(trouble, ca.server(HOST))
    front = TlsInFront(pg.state.ports.postgres, shown)
    if trouble == "no file":
        monkeypatch.setenv("AVGFLOW_CA_FILE", str(tmp_path / "none.pem"))
    dsn = through(register.app_dsn, front)
    if trouble == "without":
        dsn = dsn.replace(f":{front.port}/", f":{pg.state.ports.postgres}/")
    with pytest.raises(StoreUnreachable) as refused, reading(connected(dsn, "crm"), "crm"):
        pass
    with pytest.raises(RegisterUnreachable, match=told), transaction(engine(dsn)):
        pass
    front.close()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(urlsplit(dsn).password) not in str(refused.value)
    assert front.encrypted == 0 or trouble in ("host", "expired", "unknown")


def test_what_is_meant_to_be_unsafe_works_and_is_named(
    pg: Server, register: Register, ca: TestCa, front: TlsInFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(register.app_dsn)
    plain = (
        f"postgresql://{parts.username}:{parts.password}@{HOST}:{pg.state.ports.postgres}{parts.path}"
        f"?hostaddr=127.0.0.1&sslmode=disable"
    )
    with transaction(engine(plain)):
        pass
    monkeypatch.setenv("AVGFLOW_REGISTER_DSN", plain)
    monkeypatch.setenv("AIRFLOW_CONN_STORE_CRM", through(register.app_dsn, front, "&sslmode=require"))
    monkeypatch.setenv("AIRFLOW_CONN_STORE_ORDERS", register.app_dsn)
    mail = {"conn_type": "smtp", "host": "mail.test.example", "extra": {"disable_ssl": True, "disable_tls": True}}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(mail))
    assert in_transit.unsafe(Settings.load()) == {
        "register": f"not encrypted, or only if {HOST} likes to (disable)",
        "crm": f"encrypted, but whoever answers need not be {HOST} (require)",
        "mail server": "not encrypted, or only if mail.test.example likes to (disable)",
    }
    said = json.loads(CliRunner().invoke(cli.app, ["status", "--json"]).stdout)
    assert set(said["unsafe"]) == {"register", "crm", "mail server"}
    checked = json.loads(CliRunner().invoke(cli.app, ["catalog", "check", "--json"]).stdout)
    unsafe = {name: store["unsafe"] for name, store in checked["stores"].items()}
    assert unsafe["crm"].startswith("encrypted, but")
    assert unsafe["orders"] is None


@pytest.mark.parametrize(
    ("dsn", "mode"),
    [
        ("postgresql://u:p@127.0.0.1:5432/d", "local"),
        ("postgresql://u:p@localhost/d", "local"),
        ("postgresql://u:p@[::1]:5432/d", "local"),
        ("postgresql:///d?host=/var/run/postgresql", "local"),
        ("postgresql://u:p@127.0.0.1/d?host=db1", "verify-full"),
        ("postgresql://u:p@localhost,db2/d", "verify-full"),
        ("postgresql://u:p@db1/d", "verify-full"),
        ("postgresql://u:p@[2001:db8::1]/d", "verify-full"),
        ("postgresql://u:p@db1/d?sslmode=prefer", "prefer"),
    ],
)
def test_only_this_machine_is_reached_without_a_word(dsn: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert transport(dsn).mode == mode
    if mode == "local":
        assert secured(dsn) == dsn
    elif mode == "verify-full":
        assert "sslmode=verify-full" in secured(dsn)
        assert "sslrootcert=" in secured(dsn)


def test_the_fields_of_a_connection_become_a_dsn_that_says_the_same() -> None:
    made = dsn_of(
        {
            "login": "us er", "password": "p@:/?w%", "host": "db1", "port": 6432, "schema": "a/b",
            "extra": '{"sslmode": "verify-ca", "sslrootcert": "/etc/a b.pem", "cursor": "dictcursor"}',
        }
    )  # fmt: skip
    known = psycopg.conninfo.conninfo_to_dict(made)
    assert known == {
        "user": "us er", "password": "p@:/?w%", "host": "db1", "port": "6432", "dbname": "a/b",
        "sslmode": "verify-ca", "sslrootcert": "/etc/a b.pem",
    }  # fmt: skip
