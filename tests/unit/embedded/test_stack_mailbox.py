"""The mailbox: each accepted delivery is one file."""

from __future__ import annotations

import email
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from avgflow.embedded.mailbox import keep
from avgflow.embedded.ports import HOST, Reservations


def test_a_delivery_is_one_new_file_for_the_owner_only(tmp_path: Path) -> None:
    names = [keep(tmp_path, "van@example.org", ["aan@example.org"], b"Subject: x\r\n\r\nbody\r\n") for _ in range(2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert len(set(names)) == 2
    kept = tmp_path / names[0]
    assert kept.stat().st_mode & 0o777 == 0o600
    message = email.message_from_bytes(kept.read_bytes())
    assert message["Delivered-To"] == "aan@example.org"
    assert message["Return-Path"] == "<van@example.org>"
    assert message["Subject"] == "x"


def test_a_message_is_kept_byte_for_byte(tmp_path: Path) -> None:
    body = bytes(range(256)) * 40
    kept = (tmp_path / keep(tmp_path, "", ["a@example.org"], body)).read_bytes()
    assert kept.endswith(body)


def test_a_mailbox_that_cannot_be_written_keeps_nothing_half(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "gone", "", ["a@example.org"], b"x")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    with Reservations(tmp_path) as reservations:
        port = reservations.choose()
        command = [sys.executable, "-m", "avgflow.embedded.mailbox", str(tmp_path / "mailbox"), str(port)]
        with subprocess.Popen(command) as process:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex((HOST, port)) == 0:
                        break
                time.sleep(0.05)
            yield port
            process.terminate()
            assert process.wait(timeout=5) == 0


def test_a_mail_sent_over_smtp_lies_in_the_folder(server: int, tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Uw inzageverzoek: coördinatie"
    message["From"], message["To"] = "privacy@example.org", "zoë@example.org"
    message.set_content("Beste Zoë,")
    message.add_attachment(bytes(range(256)), maintype="application", subtype="zip", filename="pakket.zip")
    with smtplib.SMTP(HOST, server) as client:
        client.send_message(message)
    (kept,) = (tmp_path / "mailbox").glob("*.eml")
    received = email.message_from_bytes(kept.read_bytes(), policy=email.policy.default)
    (attachment,) = received.iter_attachments()
    assert attachment.get_content() == bytes(range(256))
