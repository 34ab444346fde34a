"""Sending a mail through Airflow's connection, over real SMTP."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from plugin_world import EMAIL, MailServer, Refusing, a_mail_server

from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import clock, events, outbox, requests
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status
from avgflow_airflow.environment import environment, send
from avgflow_airflow.running import MailServerUnavailable
from avgflow_airflow.sending import MailRefused, deliver, deliver_all

Register = Callable[..., Request]


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Privacy <privacy@example.org>"
    mail["To"] = EMAIL
    mail["Subject"] = "Uw inzageverzoek AVG-2026-00042"
    mail["Message-ID"] = "<AVG-2026-00042.answer.0123456789abcdef@example.org>"
    mail.set_content("Straße, café, €.\n.\n..twee punten\n", cte="quoted-printable")
    mail.add_attachment(bytes(range(256)) * 900, maintype="application", subtype="pdf", filename="inzage.pdf")
    return mail


def queued(installation: Any, number: str, kind: str = "answer", to: str = EMAIL) -> str:
    with installation.engine.begin() as conn:
        return outbox.enqueue(conn, installation.keyring, number, kind, to, a_mail())


def test_a_mail_arrives_as_it_was_made_with_its_own_message_id(installation: Any, mail_server: MailServer) -> None:
    mail = a_mail()
    with environment() as env:
        send(env, mail, EMAIL)
    (arrived,) = mail_server.mails()
    assert arrived["Message-ID"] == mail["Message-ID"]
    assert arrived["Delivered-To"] == EMAIL
    assert arrived["Return-Path"] == "<privacy@example.org>"
    assert arrived.get_body().get_content().splitlines() == ["Straße, café, €.", ".", "..twee punten"]  # type: ignore[union-attr]
    (file,) = arrived.iter_attachments()
    assert file.get_payload(decode=True) == bytes(range(256)) * 900


def test_it_goes_to_the_recipient_of_the_outbox_whoever_the_header_names(
    installation: Any, mail_server: MailServer
) -> None:
    with environment() as env:
        send(env, a_mail(), "other@example.nl")
    assert [mail["Delivered-To"] for mail in mail_server.mails()] == ["other@example.nl"]


def test_a_mail_that_was_accepted_is_not_sent_again(
    installation: Any, registered: Register, mail_server: MailServer
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    for _ in range(2):
        with environment() as env:
            deliver(env, number, message_id)
    assert [mail["Message-ID"] for mail in mail_server.mails()] == [message_id]


def test_a_mail_server_that_is_down_is_worth_another_try_and_the_mail_is_kept(
    installation: Any, registered: Register, mail_server: MailServer, smtp_connection: Callable[[int], None]
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    smtp_connection(1)
    with environment() as env, pytest.raises(MailServerUnavailable) as raised:
        deliver(env, number, message_id)
    assert EMAIL not in str(raised.value)
    smtp_connection(mail_server.port)
    with environment() as env:
        deliver(env, number, message_id)
    assert [mail["Message-ID"] for mail in mail_server.mails()] == [message_id]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("550 5.1.1 no such mailbox", MailRefused),
        ("451 4.7.1 greylisted, come back later", MailServerUnavailable),
    ],
)
def test_a_refusal_for_good_is_told_from_one_for_now(
    answer: str,
    fault: type[Exception],
    installation: Any,
    registered: Register,
    smtp_connection: Callable[[int], None],
    tmp_path: Path,
) -> None:
    number = registered().number
    message_id = queued(installation, number)
    kind = type("Answering", (Refusing,), {"answer": answer})
    with a_mail_server(tmp_path, kind) as server:
        smtp_connection(server.port)
        with environment() as env, pytest.raises(fault) as raised:
            deliver(env, number, message_id)
    assert EMAIL not in str(raised.value)
    assert answer[:3] in str(raised.value)


def test_a_login_that_is_refused_is_no_fault_of_the_persons_address(
    installation: Any, registered: Register, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server would have none of our mails: they wait until the connection is right."""

    def refuse(env: Environment, message: EmailMessage, recipient: str) -> None:
        import smtplib

        raise smtplib.SMTPAuthenticationError(535, f"5.7.8 {recipient} unknown".encode())

    monkeypatch.setattr("avgflow_airflow.sending.send", refuse)
    number = registered().number
    with environment() as env, pytest.raises(MailServerUnavailable) as raised:
        deliver(env, number, queued(installation, number))
    assert EMAIL not in str(raised.value)


def test_what_a_task_opens_is_closed_at_its_end(installation: Any) -> None:
    with environment() as env:
        pool = env.register.pool
        with env.register.begin() as conn:
            conn.exec_driver_sql("SELECT 1")
        assert pool.checkedin() == 1  # type: ignore[attr-defined]
    assert env.register.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_mail_to_another_that_is_refused_keeps_nobody_from_theirs(
    installation: Any, registered: Register, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registered().number
    answer, other = queued(installation, number), queued(installation, number, "recipient:bailiffs", "weg@example.org")

    def refuse(env: Environment, message: EmailMessage, recipient: str) -> None:
        if recipient == "weg@example.org":
            import smtplib

            raise smtplib.SMTPRecipientsRefused({recipient: (550, b"5.1.1 no such mailbox")})
        send(env, message, recipient)

    monkeypatch.setattr("avgflow_airflow.sending.send", refuse)
    with environment() as env:
        assert deliver_all(env, number, [answer, other]) == [other]
        with pytest.raises(MailRefused):
            deliver_all(env, number, [other, answer])
    assert [mail["Message-ID"] for mail in mail_server.mails()] == [answer]


def test_a_mail_server_that_is_down_is_worth_another_try_of_them_all(
    installation: Any, registered: Register, mail_server: MailServer, smtp_connection: Callable[[int], None]
) -> None:
    number = registered().number
    mails = [queued(installation, number), queued(installation, number, "recipient:bailiffs")]
    smtp_connection(1)
    with environment() as env, pytest.raises(MailServerUnavailable):
        deliver_all(env, number, mails)
    smtp_connection(mail_server.port)
    with environment() as env:
        assert deliver_all(env, number, mails) == []
    assert {mail["Message-ID"] for mail in mail_server.mails()} == set(mails)


def test_the_clock_stands_still_from_when_a_code_was_accepted_and_not_before(
    installation: Any, registered: Register, mail_server: MailServer, smtp_connection: Callable[[int], None]
) -> None:
    number = registered(verified_by=None).number
    with installation.engine.begin() as conn:
        requests.set_status(conn, installation.keyring, number, Status.WAITING, waiting_for="verification")
    message_id = queued(installation, number, "code:1")
    smtp_connection(1)
    with environment() as env, pytest.raises(MailServerUnavailable):
        deliver(env, number, message_id)
    with installation.engine.begin() as conn:
        assert clock.of(conn, [number])[number].asked is None
    smtp_connection(mail_server.port)
    for _ in range(2):
        with environment() as env:
            deliver(env, number, message_id)
    with installation.engine.begin() as conn:
        assert clock.of(conn, [number])[number].asked == day_in_amsterdam()
        names = [event.name for event in events.history(conn, number)]
    assert names.count(EventName.CODE_SENT) == names.count(EventName.CLOCK_STOPPED) == 1
