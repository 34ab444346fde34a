"""The daily watch and the notice as tasks: what leaves by mail, and what keeps nothing else from leaving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from plugin_world import EMAIL, PERSON, MailServer, Refusing, a_context, a_mail_server

from avgflow.handling import extending
from avgflow.handling.extending import Reason
from avgflow.intake import day_in_amsterdam, parse
from avgflow.register import outbox, requests
from avgflow_airflow import tasks
from avgflow_airflow.environment import environment

OFFICER = "privacy@milgro.nl"
Register = Callable[..., requests.Request]


@pytest.fixture
def watch(installation: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The task, in a run without a logical date and without any configuration."""
    context = a_context(params={}, conf={}, run_id="manual__2026-11-25", task_id="watch")
    monkeypatch.setattr(tasks, "get_current_context", lambda: context)
    return tasks.watch.function  # type: ignore[no-any-return]


@pytest.fixture
def late(installation: Any) -> str:
    """A request that was due yesterday."""
    received, due = day_in_amsterdam() - timedelta(40), day_in_amsterdam() - timedelta(1)
    intake = parse(right="access", email=EMAIL, name=PERSON, verified_by="portal-login", received=received)
    with installation.engine.begin() as conn:
        return requests.register_request(conn, installation.keyring, intake, due, due + timedelta(60)).number


def queued(installation: Any, number: str, kind: str, to: str = EMAIL) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Privacy <privacy@milgro.nl>", to, number
    mail.set_content("Beste mevrouw,")
    with installation.engine.begin() as conn:
        return outbox.enqueue(conn, installation.keyring, number, kind, to, mail)


def pending(installation: Any) -> list[str]:
    with installation.engine.begin() as conn:
        return [mail.kind.partition(":")[0] for mail in outbox.pending(conn)]


def test_the_officer_gets_one_mail_however_often_the_task_runs(
    late: str, watch: Callable[[], None], mail_server: MailServer, capfd: pytest.CaptureFixture[str]
) -> None:
    watch()
    watch()
    (mail,) = mail_server.mails()
    assert mail["Delivered-To"] == OFFICER
    assert late in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    logged = "".join(capfd.readouterr())
    assert "deadlines looked through" in logged
    assert PERSON not in logged
    assert EMAIL not in logged


def test_the_mail_says_what_else_is_not_well_and_nothing_of_the_person(
    late: str, watch: Callable[[], None], mail_server: MailServer
) -> None:
    watch()
    (mail,) = mail_server.mails()
    read = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert "DE INSTALLATIE" in read
    assert "- systeem crm:" in read
    assert "installatie" in mail["Subject"]
    assert not [value for value in (PERSON, EMAIL) if value.lower() in f"{mail['Subject']} {read}".lower()]


def test_a_mail_server_that_is_down_is_tried_again_and_still_gives_one_mail(
    late: str, watch: Callable[[], None], mail_server: MailServer, smtp_connection: Callable[[int], None]
) -> None:
    smtp_connection(1)
    with pytest.raises(AirflowException) as raised:
        watch()
    assert not isinstance(raised.value, AirflowFailException)
    smtp_connection(mail_server.port)
    watch()
    assert len(mail_server.mails()) == 1


def test_an_officer_who_cannot_be_reached_fails_the_task_and_says_what_to_do(
    late: str, watch: Callable[[], None], smtp_connection: Callable[[int], None], tmp_path: Path
) -> None:
    folder = tmp_path / "refusing"
    folder.mkdir()
    with a_mail_server(folder, Refusing) as server:
        smtp_connection(server.port)
        with pytest.raises(AirflowFailException, match="Correct officer_mailbox"):
            watch()


def test_what_was_stuck_is_sent_with_it(
    late: str, installation: Any, watch: Callable[[], None], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avgflow.deadlines.STUCK", timedelta(0))
    queued(installation, late, "answer")
    watch()
    assert sorted(mail["Delivered-To"] for mail in mail_server.mails()) == sorted([EMAIL, OFFICER])
    assert pending(installation) == []


class NotThisOne(Refusing):
    """A mail server that knows everybody but the person."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if address == EMAIL:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.mark.parametrize("answer", ["550 5.1.1 no such mailbox", "451 4.2.1 try later"])
def test_a_mail_that_stays_stuck_keeps_the_digest_from_nobody(
    answer: str,
    late: str,
    installation: Any,
    watch: Callable[[], None],
    smtp_connection: Callable[[int], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("avgflow.deadlines.STUCK", timedelta(0))
    monkeypatch.setattr(NotThisOne, "answer", answer)
    queued(installation, late, "answer")
    folder = tmp_path / "choosy"
    folder.mkdir()
    with a_mail_server(folder, NotThisOne) as server:
        smtp_connection(server.port)
        watch()
        assert [mail["Delivered-To"] for mail in server.mails()] == [OFFICER]
    assert pending(installation) == ["answer"]


def test_a_notice_sends_what_waits_for_its_request_but_not_the_answer(
    installation: Any, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = parse(right="access", email=EMAIL, name=PERSON, verified_by="portal-login", received=day_in_amsterdam())
    with installation.engine.begin() as conn:
        number = requests.register_request(
            conn, installation.keyring, intake, date(2999, 1, 1), date(2999, 3, 1)
        ).number
    queued(installation, number, "answer")
    with environment() as env:
        extending.extend(env, number, Reason.COMPLEXITY, "", "officer")
    context = a_context(number, run_id=f"{number}.extended", task_id="tell")
    monkeypatch.setattr(tasks, "get_current_context", lambda: context)
    tasks.tell.function()
    (mail,) = mail_server.mails()
    assert mail["Subject"] == f"Meer tijd nodig voor uw verzoek {number}"
    assert mail["Delivered-To"] == EMAIL
    assert pending(installation) == ["answer"]
