"""TLS and login at a mail server: verified by default, and a mail that cannot go safely stays until it can."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from plugin_world import EMAIL, MailServer
from test_sending import queued
from tls_world import TestCa

from avgflow.embedded.mailbox import Folder
from avgflow.embedded.ports import Reservations
from avgflow.register import events, outbox
from avgflow.register.names import EventName
from avgflow.register.requests import Request
from avgflow_airflow.environment import environment
from avgflow_airflow.running import MailServerUnavailable
from avgflow_airflow.sending import deliver

Register = Callable[..., Request]
USER, PASSWORD = "avgflow", "geheim-van-deze-test"
STARTTLS, IMPLICIT, PLAIN = {"disable_ssl": True}, {"disable_tls": True}, {"disable_ssl": True, "disable_tls": True}


class Knowing:
    """Lets one user in, and remembers over what."""

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)  # the server itself answers


@contextmanager
def server(folder: Path, port: int, *, implicit: ssl.SSLContext | None = None, **more: Any) -> Iterator[MailServer]:
    """A mail server on a port, with TLS from the first byte, or as `more` says."""
    kind = Controller(Folder(folder), hostname="127.0.0.1", port=port, ssl_context=implicit, **more)
    kind.start()
    try:
        yield MailServer(folder, port)
    finally:
        kind.stop()


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestCa:
    made = TestCa(tmp_path / "ca")
    monkeypatch.setenv("AVGFLOW_CA_FILE", str(made.file))
    # The test's own mail server logs whatever it is sent.
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)
    return made


@pytest.fixture
def port() -> int:
    with Reservations() as ports:
        return ports.choose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "over-tls"
    made.mkdir()
    return made


@pytest.fixture
def connect(port: int, installation: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Point Airflow's connection to the port."""

    def to(how: Mapping[str, bool], password: str = PASSWORD, host: str = "localhost") -> None:
        mail = {"conn_type": "smtp", "host": host, "port": port, "login": USER, "password": password}
        extra = {**how, "retry_limit": 0, "timeout": 10}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({**mail, "extra": extra}))

    return to


def starttls(context: ssl.SSLContext) -> dict[str, Any]:
    return {"tls_context": context, "require_starttls": True, "authenticator": Knowing(), "auth_required": True}


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_a_mail_goes_over_tls_with_a_login(
    how: str, installation: Any, registered: Register, ca: TestCa, port: int, folder: Path, connect: Any
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    connect(STARTTLS if how == "starttls" else IMPLICIT)
    more = starttls(ca.server()) if how == "starttls" else {
        "implicit": ca.server(), "authenticator": Knowing(), "auth_required": True, "auth_require_tls": False,
    }  # fmt: skip
    with server(folder, port, **more) as running, environment() as env:
        deliver(env, number, message_id)
        assert [mail["Message-ID"] for mail in running.mails()] == [message_id]


TROUBLES = {
    "another host": ("MailCertificateOfAnother", "of another host"),
    "expired": ("MailCertificateOutOfTime", "expired"),
    "unknown CA": ("MailCertificateUnknown", "AVGFLOW_CA_FILE"),
    "no STARTTLS": ("MailServerWithoutTls", "offers no encryption"),
    "not implicit": ("MailServerWithoutTls", "offers no encryption"),
    "wrong password": ("MailLoginRefused", "refuses the login"),
}


@pytest.mark.parametrize("trouble", list(TROUBLES))
def test_a_mail_that_cannot_go_safely_stays_and_goes_when_it_is_mended(
    trouble: str,
    installation: Any,
    registered: Register,
    ca: TestCa,
    port: int,
    folder: Path,
    connect: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    connect(IMPLICIT if trouble == "not implicit" else STARTTLS, PASSWORD + "x" * (trouble == "wrong password"))
    shown = {
        "another host": ca.server("mail.test.example"),
        "expired": ca.server(ends=timedelta(days=-1)),
        "unknown CA": TestCa(tmp_path / "other").server(),
    }.get(trouble, ca.server())
    plain = trouble in ("no STARTTLS", "not implicit")
    wrong = {"authenticator": Knowing(), "auth_require_tls": False} if plain else starttls(shown)
    kind, told = TROUBLES[trouble]
    with server(folder, port, **wrong) as running, environment() as env:
        with pytest.raises(MailServerUnavailable, match=told) as refused:
            deliver(env, number, message_id)
        assert running.mails() == []
    with installation.engine.begin() as conn:
        waiting = outbox.get(conn, message_id)
        failed = [one.detail for one in events.history(conn, number) if one.name == EventName.MAIL_FAILED]
    assert (waiting.accepted_at, waiting.failure) == (None, kind)
    assert [one["failure"] for one in failed] == [kind]
    said = str(refused.value)
    assert "\n" not in said
    assert "kept in the outbox" in said

    connect(STARTTLS)
    with server(folder, port, **starttls(ca.server())) as running, environment() as env:
        deliver(env, number, message_id)
        assert [mail["Message-ID"] for mail in running.mails()] == [message_id]
    shown_anywhere = said + caplog.text + "".join(capfd.readouterr())
    assert not [secret for secret in (PASSWORD, EMAIL) if secret in shown_anywhere]


def test_no_password_goes_unencrypted_to_another_machine(installation: Any, registered: Register, connect: Any) -> None:
    number = registered().number
    message_id = queued(installation, number)
    connect(PLAIN, host="mail.test.invalid")
    with environment() as env, pytest.raises(MailServerUnavailable, match="MailLoginInTheClear"):
        deliver(env, number, message_id)


def test_a_certificate_is_taken_unseen_only_where_the_connection_says_so(
    installation: Any, registered: Register, ca: TestCa, port: int, folder: Path, connect: Any, tmp_path: Path
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    connect({**STARTTLS, "ssl_context": "none"})
    with server(folder, port, **starttls(TestCa(tmp_path / "other").server("x.test"))), environment() as env:
        deliver(env, number, message_id)
