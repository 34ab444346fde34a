"""The outbox: each mail once, whatever happens between the register and the mail server."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from real_postgres import Register
from register_world import CANARY, a_message, a_request

from avgflow.crypto import KeyMissing, Keyring
from avgflow.register import chain, outbox
from avgflow.register.database import RegisterUnreachable, transaction
from avgflow.register.events import history
from avgflow.register.outbox import Delivery, Mail
from avgflow.settings import engine

Sent = list[tuple[EmailMessage, str]]


@pytest.fixture
def number(register: Register) -> str:
    with transaction(register.engine) as conn:
        return a_request(conn, register.keyring).number


def queued(register: Register, number: str | None, kind: str = "answer") -> str:
    with transaction(register.engine) as conn:
        return outbox.enqueue(conn, register.keyring, number, kind, CANARY["email"], a_message())


def pending(register: Register) -> list[Mail]:
    with transaction(register.engine) as conn:
        return list(outbox.pending(conn))


def mail_events(register: Register, number: str) -> list[tuple[str, dict[str, object]]]:
    with transaction(register.engine) as conn:
        found = [(event.name, dict(event.detail)) for event in history(conn, number) if event.name.startswith("mail.")]
    return [(name, {key: value for key, value in detail.items() if key != "digest"}) for name, detail in found]


def into(sent: Sent) -> outbox.Send:
    return lambda message, recipient: sent.append((message, recipient))


def test_a_mail_arrives_as_it_was_put_with_a_message_id_of_its_own(register: Register, number: str) -> None:
    message, sent = a_message(), []
    with transaction(register.engine) as conn:
        message_id = outbox.enqueue(conn, register.keyring, number, "answer", CANARY["email"], message)
    assert message_id.startswith(f"<{number}.answer.")
    assert message_id.endswith("@milgro.nl>")
    delivery = outbox.deliver(register.engine, register.keyring, message_id, into(sent))
    assert delivery == Delivery(message_id, accepted=True, attempts=1, failure=None)
    [(arrived, recipient)] = sent
    assert recipient == CANARY["email"]
    assert arrived["Message-ID"] == message_id
    assert arrived.as_bytes(policy=policy.SMTP) == message.as_bytes(policy=policy.SMTP)
    [attachment] = arrived.iter_attachments()
    assert attachment.get_content() == bytes(range(256)) * 8
    assert pending(register) == []
    assert mail_events(register, number) == [
        ("mail.queued", {"kind": "answer"}),
        ("mail.accepted", {"kind": "answer", "attempt": 1}),
    ]


def test_an_accepted_mail_is_never_sent_again(register: Register, number: str) -> None:
    message_id, sent = queued(register, number), []
    for _ in range(3):
        assert outbox.deliver(register.engine, register.keyring, message_id, into(sent)).accepted
    assert len(sent) == 1
    assert len(mail_events(register, number)) == 2


def test_a_request_has_one_mail_of_a_kind(register: Register, number: str) -> None:
    first = queued(register, number)
    again = a_message("another")
    with transaction(register.engine) as conn:
        assert outbox.enqueue(conn, register.keyring, number, "answer", "other@example.nl", again) == first
    assert again["Message-ID"] == first
    assert queued(register, number, "check-failed") != first
    assert len(pending(register)) == 2
    assert [name for name, _ in mail_events(register, number)] == ["mail.queued", "mail.queued"]


def test_a_mail_outside_any_request_is_one_per_kind_too(register: Register) -> None:
    kind = "deadline-digest:2026-11-25"
    assert queued(register, None, kind) == queued(register, None, kind)
    assert queued(register, None, "deadline-digest:2026-11-26") != queued(register, None, kind)


def test_enqueuing_twice_at_once_puts_one_mail(register: Register, number: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda _: queued(register, number), range(8)))
    assert len(ids) == len(pending(register)) == 1


def test_two_workers_at_once_send_once(register: Register, number: str) -> None:
    message_id, sent = queued(register, number), []
    begun, at_once = threading.Event(), []

    def slowly(message: EmailMessage, recipient: str) -> None:
        at_once.append(1)
        begun.set()
        time.sleep(0.3)
        sent.append((message, recipient))

    def work(which: int) -> Delivery:
        if which:
            begun.wait(5)
        return outbox.deliver(register.engine, register.keyring, message_id, slowly)

    with ThreadPoolExecutor(4) as pool:
        deliveries = list(pool.map(work, range(4)))
    assert len(sent) == len(at_once) == 1
    assert all(delivery.accepted and delivery.attempts == 1 for delivery in deliveries)


def test_no_row_is_locked_while_a_mail_is_being_sent(register: Register, number: str) -> None:
    message_id = queued(register, number)

    def look(message: EmailMessage, recipient: str) -> None:
        with psycopg.connect(register.superuser_dsn) as conn:
            open_ones = conn.execute(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state LIKE 'idle in transaction%'"
            ).fetchall()
            conn.execute("SELECT * FROM mail, request FOR UPDATE OF mail, request NOWAIT")
        assert open_ones == []
        assert [(mail.attempts, mail.failure) for mail in pending(register)] == [(1, None)]

    assert outbox.deliver(register.engine, register.keyring, message_id, look).failure is None


def test_a_sender_that_fails_leaves_the_mail_waiting_and_its_kind_on_record(register: Register, number: str) -> None:
    message_id, sent = queued(register, number), []

    def refuse(message: EmailMessage, recipient: str) -> None:
        raise smtplib.SMTPRecipientsRefused({recipient: (550, f"no such user {recipient}".encode())})

    def cut_off(message: EmailMessage, recipient: str) -> None:
        raise ConnectionResetError(recipient)

    outcomes = [outbox.deliver(register.engine, register.keyring, message_id, send) for send in (refuse, cut_off)]
    assert [(each.accepted, each.attempts, each.failure) for each in outcomes] == [
        (False, 1, "SMTPRecipientsRefused 550"),
        (False, 2, "ConnectionResetError"),
    ]
    assert [(mail.message_id, mail.attempts) for mail in pending(register)] == [(message_id, 2)]
    assert outbox.deliver(register.engine, register.keyring, message_id, into(sent)).attempts == 3
    assert mail_events(register, number)[1:] == [
        ("mail.failed", {"kind": "answer", "attempt": 1, "failure": "SMTPRecipientsRefused", "code": 550}),
        ("mail.failed", {"kind": "answer", "attempt": 2, "failure": "ConnectionResetError"}),
        ("mail.accepted", {"kind": "answer", "attempt": 3}),
    ]
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok


KILLED = """
import sys, time
from avgflow.crypto import Keyring
from avgflow.register import outbox
from avgflow.settings import Settings, engine

def send(message, recipient):
    print("accepted", flush=True)
    time.sleep(60)

settings = Settings.load()
outbox.deliver(engine(settings.secret("register_dsn")), Keyring.of(settings), sys.argv[1], send)
"""


def test_a_worker_killed_while_sending_leaves_the_attempt_on_record_and_the_mail_goes_out_with_the_same_id(
    register: Register, number: str, tmp_path: Path
) -> None:
    message_id, sent = queued(register, number), []
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, message_id],
        env={**os.environ, **register.environment(), "AVGFLOW_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    with worker:
        assert worker.stdout.readline() == "accepted\n"
        worker.send_signal(signal.SIGKILL)
    assert [(mail.attempts, mail.failure) for mail in pending(register)] == [(1, None)]
    delivery = outbox.deliver(register.engine, register.keyring, message_id, into(sent))
    assert (delivery.accepted, delivery.attempts) == (True, 2)
    assert sent[0][0]["Message-ID"] == message_id
    assert mail_events(register, number)[-1] == ("mail.accepted", {"kind": "answer", "attempt": 2, "unsettled": True})


def test_a_mail_that_no_key_opens_is_not_attempted(register: Register, number: str) -> None:
    message_id = queued(register, number)
    other = Keyring([Fernet.generate_key().decode()], register.hash_key)
    with pytest.raises(KeyMissing):
        outbox.deliver(register.engine, other, message_id, into([]))
    assert [mail.attempts for mail in pending(register)] == [0]


def test_a_mail_that_keeps_another_worker_too_long_is_tried_later(
    register: Register, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_LONGEST_WAIT", "50ms")
    message_id = queued(register, number)

    def meanwhile(message: EmailMessage, recipient: str) -> None:
        with pytest.raises(outbox.MailBusy):
            outbox.deliver(register.engine, register.keyring, message_id, into([]))

    assert outbox.deliver(register.engine, register.keyring, message_id, meanwhile).failure is None


def test_an_unknown_mail_is_named(register: Register) -> None:
    with pytest.raises(outbox.UnknownMail):
        outbox.deliver(register.engine, register.keyring, "<nothing@milgro.nl>", into([]))


def test_a_register_that_does_not_answer_is_named(register: Register) -> None:
    nowhere = engine("postgresql://register_app:x@127.0.0.1:1/register")
    with pytest.raises(RegisterUnreachable):
        outbox.deliver(nowhere, register.keyring, "<nothing@milgro.nl>", into([]))


def test_the_mails_of_a_request_show_neither_whom_nor_what(register: Register, number: str) -> None:
    queued(register, number)
    queued(register, None, "digest")
    with transaction(register.engine) as conn:
        [mail] = outbox.mails(conn, number)
    assert CANARY["email"] not in repr(mail)
    assert (mail.kind, mail.accepted_at) == ("answer", None)
