"""The log of the register: appending events and reading a request's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import Detail, checked, checked_actor
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import event

SYSTEM = "avgflow"
"""The actor where no human acts."""


@dataclass(frozen=True)
class Event:
    """Something that happened, as it stands in the chain."""

    id: int
    at: datetime
    name: EventName | str
    """A plain string where a newer version of avgflow wrote a name that this one does not know."""
    number: str | None
    actor: str
    detail: Mapping[str, Any]
    hash: str


def append(
    conn: Connection,
    keyring: Keyring,
    name: EventName,
    number: str | None,
    actor: str = SYSTEM,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append one event at the end of the chain.

    Each call appends: for facts that have a table of their own use the function that writes the fact, which appends
    once. `DetailRefused` where the detail may hold personal data, `UnknownRequest` for an unknown number, `ChainBroken`
    where the chain's end is not genuine.
    """
    if number is not None:
        locked(conn, number)
    chain.link(conn, keyring, [entry(name, number, actor, detail)])


def entry(
    name: EventName, number: str | None, actor: str = SYSTEM, detail: Mapping[str, object] | None = None
) -> chain.Link:
    """An event that is fit to be linked, for writers that hold their request's row already."""
    facts: Detail = checked(detail or {})
    return chain.Link(EventName(name).value, number, checked_actor(actor), facts)


def history(conn: Connection, number: str) -> Sequence[Event]:
    """A request's events, oldest first."""
    return _read(conn, event.c.number == number)


def first(conn: Connection) -> datetime | None:
    """When the register began."""
    return conn.execute(select(func.min(event.c.at))).scalar_one_or_none()


def of_requests(conn: Connection, numbers: Collection[str], names: Collection[EventName]) -> Sequence[Event]:
    """The events of some names of several requests, oldest first."""
    return _read(conn, event.c.number.in_(numbers), event.c.name.in_([name.value for name in names]))


def since(conn: Connection, moment: datetime, names: Collection[EventName]) -> Sequence[Event]:
    """The events of some names from a moment on, oldest first, of whatever request and of none."""
    return _read(conn, event.c.at >= moment, event.c.name.in_([name.value for name in names]))


def _read(conn: Connection, *conditions: ColumnElement[bool]) -> Sequence[Event]:
    rows = conn.execute(select(event).where(*conditions).order_by(event.c.id))
    return [Event(row.id, row.at, _name(row.name), row.number, row.actor, row.detail, row.hash) for row in rows]


def _name(name: str) -> EventName | str:
    try:
        return EventName(name)
    except ValueError:
        return name
