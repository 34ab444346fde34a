"""Notices: which recipients were told of a rectification, erasure or restriction, and who confirmed (AVG art. 19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import notice as table


class Told(StrEnum):
    """What a recipient is told (art. 19): data were erased, corrected or restricted, or a restriction ended."""

    ERASED = "erased"
    CORRECTED = "corrected"
    RESTRICTED = "restricted"
    LIFTED = "lifted"


class UnknownNotice(AvgflowError):
    """A recipient that was never told of a request cannot confirm it."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"No such recipient was told of {number}; `avgflow recipient list {number}` names those that were."
        )


@dataclass(frozen=True)
class Notice:
    """A recipient that was told of a request; `recipient` is the policy's code, `message_id` None where not by mail."""

    number: str
    recipient: str
    told: Told
    message_id: str | None
    told_at: datetime
    told_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None


def put_notice(
    conn: Connection, keyring: Keyring, number: str, recipient: str, told: Told, message_id: str | None, actor: str
) -> Notice:
    """Record what a recipient is told, with the event, and return what stands: the first, for one recipient is told a
    thing once.

    The mail must be in the outbox (`RegisterRefused` otherwise).
    """
    locked(conn, number)
    put = postgresql.insert(table).values(
        number=number,
        recipient=checked_code("the recipient of a notice", recipient),
        told=told.value,
        message_id=message_id,
        told_by=checked_actor(actor),
    )
    row = conn.execute(put.on_conflict_do_nothing().returning(table)).one_or_none()
    if row is None:
        return _notice(conn.execute(_of(number, recipient).where(table.c.told == told)).one())
    facts = {"recipient": recipient, "told": told.value, "by": "mail" if message_id else "other-way"}
    chain.link(conn, keyring, [entry(EventName.RECIPIENT_TOLD, number, actor, facts)])
    return _notice(row)


def confirm(conn: Connection, keyring: Keyring, number: str, recipient: str, actor: str) -> Notice:
    """Record that a recipient confirmed all that it was told so far, with the event, and return what it was told last;
    nothing happens where it did before.

    `UnknownNotice` where this recipient was never told of this request.
    """
    locked(conn, number)
    told = conn.execute(_last(number, recipient)).one_or_none()
    if told is None:
        raise UnknownNotice(number)
    if told.confirmed_at is not None:
        return _notice(told)
    unconfirmed_ = (table.c.number == number, table.c.recipient == recipient, table.c.confirmed_at.is_(None))
    conn.execute(
        update(table)
        .where(*unconfirmed_)
        .values(confirmed_at=func.clock_timestamp(), confirmed_by=checked_actor(actor))
    )
    facts = {"recipient": recipient, "told": told.told}
    chain.link(conn, keyring, [entry(EventName.RECIPIENT_CONFIRMED, number, actor, facts)])
    return _notice(conn.execute(_last(number, recipient)).one())


def notices(conn: Connection, number: str) -> Sequence[Notice]:
    """The recipients that were told of a request, in that order."""
    query = select(table).where(table.c.number == number).order_by(table.c.told_at, table.c.recipient, table.c.told)
    return [_notice(row) for row in conn.execute(query)]


def unconfirmed(conn: Connection) -> Sequence[Notice]:
    """Every notice that its recipient has not confirmed, the oldest first."""
    query = (
        select(table).where(table.c.confirmed_at.is_(None)).order_by(table.c.told_at, table.c.recipient, table.c.told)
    )
    return [_notice(row) for row in conn.execute(query)]


def _last(number: str, recipient: str) -> Any:
    return _of(number, recipient).order_by(table.c.told_at.desc(), table.c.told).limit(1)


def _of(number: str, recipient: str) -> Any:
    return select(table).where(table.c.number == number, table.c.recipient == recipient)


def _notice(row: Row[Any]) -> Notice:
    return Notice(**{**row._mapping, "told": Told(row.told)})
