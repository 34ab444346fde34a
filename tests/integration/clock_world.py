"""An installation on any day: a register, the demonstration's catalog and policy, and stores out of reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from real_postgres import Register
from register_world import RECEIVED, an_intake

from avgflow.fields import AMSTERDAM
from avgflow.handling import asking_person, extending, registering
from avgflow.handling.environment import Environment
from avgflow.register import chain, events, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status
from avgflow.settings import Settings

Today = Callable[[date], None]
BOSS = "directie@milgro.nl"


def installed(register: Register, home: Path, monkeypatch: pytest.MonkeyPatch, **more: str) -> Environment:
    """An installation with the demonstration's catalog and policy, on which the commands work; its stores are out of
    reach.
    """
    for name, value in {**register.environment(), "AVGFLOW_HOME": str(home), **more}.items():
        monkeypatch.setenv(name, value)
    return Environment(Settings.load(), lambda connection: f"postgresql://nobody@127.0.0.1:1/{connection}")


def escalating(home: Path) -> str:
    """The path of the demonstration's policy with a second address."""
    policy = home / "policy.yaml"
    own = Settings().policy.read_text(encoding="utf-8")
    policy.write_text(own.replace("officer_mailbox:", f"escalation_mailbox: {BOSS}\nofficer_mailbox:", 1))
    return str(policy)


def on_days(monkeypatch: pytest.MonkeyPatch) -> Today:
    """Let the steps believe that it is another day."""

    def today(day: date) -> None:
        for module in (asking_person, extending):
            monkeypatch.setattr(module, "day_in_amsterdam", lambda: day)

    return today


def at_six(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, 0, tzinfo=AMSTERDAM)


def registered(env: Environment, **changes: Any) -> str:
    """A request that came in on 5 March 2026, and is due on 7 April (after Easter); its number."""
    return registering.register(env, an_intake(**{"received": RECEIVED, **changes}), "officer").request.number


def unverified(env: Environment, **changes: Any) -> str:
    """One that waits for a human to say who asks."""
    number = registered(env, verified_by=None, **changes)
    put(env, number, Status.WAITING, waiting_for="verification")
    return number


def put(env: Environment, number: str, status: Status, **more: Any) -> None:
    with transaction(env.register) as conn:
        requests.set_status(conn, env.keyring, number, status, **more)


def request(env: Environment, number: str) -> Request:
    with transaction(env.register) as conn:
        return requests.get(conn, number)


def happened(env: Environment, number: str, name: str) -> list[Mapping[str, Any]]:
    """The details of a request's events of one name; the chain has to be whole."""
    with transaction(env.register) as conn:
        assert chain.verify(conn, env.keyring).ok
        return [event.detail for event in events.history(conn, number) if event.name == name]


def mails(env: Environment, number: str | None = None) -> list[outbox.Mail]:
    """What waits in the outbox, about one request or about all."""
    with transaction(env.register) as conn:
        return [mail for mail in outbox.pending(conn) if number is None or mail.number == number]


def sent(env: Environment, message_id: str) -> tuple[EmailMessage, str]:
    """Send a mail to a server that takes everything; the mail and whom it went to."""
    taken: list[tuple[EmailMessage, str]] = []
    outbox.deliver(env.register, env.keyring, message_id, lambda mail, to: taken.append((mail, to)))
    return taken[0]


def text(mail: EmailMessage) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
