"""Notices: which recipients were told of a rectification, erasure or restriction, and who confirmed (AVG art. 19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.intake import day_in_amsterdam
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import mail
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


class NothingToTell(AvgflowError):
    """A human told a recipient what it knew already."""

    def __init__(self, number: str, recipient: str) -> None:
        super().__init__(
            f"'{recipient}' was told all there is of {number}; `avgflow recipient list {number}` says when and how."
        )


class ToldOnNoSuchDay(AvgflowError):
    """The day on which a recipient was told cannot be."""

    def __init__(self) -> None:
        super().__init__("A recipient is told on a day between that of the answer and today. Give that day with --on.")


@dataclass(frozen=True)
class Notice:
    """What a recipient is told of a request; `recipient` is the policy's code, `classes` those of the policy too.

    `told_at`: since when it is to be told. By mail: `message_id`, and `mailed_at` once a mail server accepted it. By a
    human: `by_hand_on`, the day, and `by_hand_by`, who.
    """

    number: str
    recipient: str
    told: Told
    classes: tuple[str, ...]
    message_id: str | None
    told_at: datetime
    told_by: str
    mailed_at: datetime | None
    by_hand_on: date | None
    by_hand_by: str | None
    confirmed_at: datetime | None
    confirmed_by: str | None

    @property
    def is_told(self) -> bool:
        """Whether it knows; what confirms it must have known."""
        return any((self.mailed_at, self.by_hand_on, self.confirmed_at))


def put_notice(
    conn: Connection,
    keyring: Keyring,
    number: str,
    recipient: str,
    told: Told,
    message_id: str | None,
    actor: str,
    classes: Sequence[str] = (),
) -> Notice:
    """Record what a recipient is told, with the event, and return what stands: the first, for one recipient is told a
    thing once. `classes`: the record classes that it is told of.

    The mail must be in the outbox (`RegisterRefused` otherwise); without one a human has to tell it (`told_by_hand`).
    """
    locked(conn, number)
    put = postgresql.insert(table).values(
        number=number,
        recipient=checked_code("the recipient of a notice", recipient),
        told=told.value,
        message_id=message_id,
        told_by=checked_actor(actor),
        classes=[checked_code("a record class of a notice", name) for name in classes],
    )
    if conn.execute(put.on_conflict_do_nothing().returning(table.c.number)).one_or_none() is not None:
        facts = {"recipient": recipient, "told": told.value, "by": "mail" if message_id else "other-way"}
        name = EventName.RECIPIENT_TOLD if message_id else EventName.RECIPIENT_TO_TELL
        chain.link(conn, keyring, [entry(name, number, actor, {**facts, "classes": list(classes)})])
    return _notice(conn.execute(_of(number, recipient).where(table.c.told == told)).one())


def told_by_hand(
    conn: Connection, keyring: Keyring, number: str, recipient: str, on: date | None, actor: str
) -> Sequence[Notice]:
    """Record that a human told a recipient all that it did not know yet, with an event for each, and return these.

    `on`: the day, today where None. `UnknownNotice` where there is nothing to tell this recipient of this request,
    `NothingToTell` where it knows it all, `ToldOnNoSuchDay`.
    """
    locked(conn, number)
    found = [_notice(row) for row in conn.execute(_of(number, recipient))]
    if not found:
        raise UnknownNotice(number)
    open_ = [notice for notice in found if not notice.is_told]
    if not open_:
        raise NothingToTell(number, recipient)
    day = on or day_in_amsterdam()
    earliest = min(notice.told_at.astimezone(AMSTERDAM).date() for notice in open_)
    if not earliest <= day <= day_in_amsterdam():
        raise ToldOnNoSuchDay
    for notice in open_:
        conn.execute(
            update(table)
            .where(table.c.number == number, table.c.recipient == recipient, table.c.told == notice.told)
            .values(by_hand_on=day, by_hand_by=checked_actor(actor))
        )
        facts = {"recipient": recipient, "told": notice.told.value, "by": "other-way", "on": day.isoformat()}
        chain.link(conn, keyring, [entry(EventName.RECIPIENT_TOLD, number, actor, facts)])
    told = {notice.told for notice in open_}
    return [one for one in map(_notice, conn.execute(_of(number, recipient))) if one.told in told]


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


def notices(conn: Connection, number: str | None = None) -> Sequence[Notice]:
    """The recipients of a request, or of all, in the order in which they were to be told."""
    query = _SELECT if number is None else _SELECT.where(table.c.number == number)
    return [_notice(row) for row in conn.execute(query.order_by(*_ORDER))]


def unconfirmed(conn: Connection, limit: int | None = None) -> Sequence[Notice]:
    """Every notice that its recipient has not confirmed, or so many of them, the oldest first."""
    query = _SELECT.where(table.c.confirmed_at.is_(None)).order_by(*_ORDER).limit(limit)
    return [_notice(row) for row in conn.execute(query)]


def newest(conn: Connection, limit: int) -> Sequence[Notice]:
    """So many notices, confirmed or not, the newest first."""
    query = _SELECT.order_by(*(column.desc() for column in _ORDER)).limit(limit)
    return [_notice(row) for row in conn.execute(query)]


_SELECT = select(table, mail.c.accepted_at.label("mailed_at")).select_from(
    table.outerjoin(mail, mail.c.message_id == table.c.message_id)
)
_ORDER = (table.c.told_at, table.c.number, table.c.recipient, table.c.told)


def _last(number: str, recipient: str) -> Any:
    return _of(number, recipient).order_by(table.c.told_at.desc(), table.c.told).limit(1)


def _of(number: str, recipient: str) -> Any:
    return _SELECT.where(table.c.number == number, table.c.recipient == recipient)


def _notice(row: Row[Any]) -> Notice:
    return Notice(**{**row._mapping, "told": Told(row.told), "classes": tuple(row.classes)})
