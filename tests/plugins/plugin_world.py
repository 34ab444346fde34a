"""A task as Airflow runs it, less Airflow: a run's context, a mail server that is real, a person to protect."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from avgflow.embedded.mailbox import Folder
from avgflow.embedded.ports import Reservations

NUMBER = "AVG-2026-00042"
PERSON = "Kanariana van der Vogelzang"
EMAIL = "kanariana.vogelzang@example.nl"


def a_context(number: str = NUMBER, **changes: Any) -> dict[str, Any]:
    """The context of a task of a request's run; `changes`: conf, params, run_id, task_id, try_number, max_tries."""
    conf = changes.get("conf", {"request": number})
    return {
        "params": changes.get("params", conf),
        "dag_run": SimpleNamespace(conf=conf, run_id=changes.get("run_id", number)),
        "task_instance": SimpleNamespace(
            id="0197a0de-0000-7000-8000-000000000000",
            task_id=changes.get("task_id", "plan"),
            try_number=changes.get("try_number", 1),
            max_tries=changes.get("max_tries", 2),
        ),
    }


def an_answer(option: str, inputs: object = None, by: str | None = "officer") -> dict[str, Any]:
    """An answer as Airflow hands it to the task."""
    return {
        "chosen_options": [option],
        "params_input": inputs,
        "responded_at": datetime(2026, 11, 25, tzinfo=UTC),
        "responded_by_user": {"id": by, "name": by} if by else None,
    }


class Refusing(Folder):
    """A mailbox that answers as told instead of keeping anything."""

    answer = "550 5.1.1 no such mailbox"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return self.answer


class MailServer:
    """A mail server on 127.0.0.1."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port

    def mails(self) -> list[EmailMessage]:
        """What was delivered, in order of arrival."""
        return [message_from_bytes(file.read_bytes(), policy=policy.SMTP) for file in sorted(self.folder.glob("*.eml"))]


@contextmanager
def a_mail_server(folder: Path, kind: type[Folder] = Folder) -> Iterator[MailServer]:
    """A mail server that keeps its deliveries in a folder."""
    with Reservations() as ports:
        port = ports.choose()
    server = Controller(kind(folder), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=10):
            yield MailServer(folder, port)
    finally:
        server.stop()


def stores_at(port: int) -> Mapping[str, str]:
    """Connections to the four stores on a port of this machine."""
    return {
        f"AIRFLOW_CONN_STORE_{store}": f"postgresql://nobody:secret@127.0.0.1:{port}/{store.lower()}"
        for store in ("CRM", "ORDERS", "ACCOUNTS", "MARKETING")
    }
