"""One-time codes: six digits mailed to an address that was known already, kept as keyed hashes, good for one use.

A request has one code at a time, the newest. What became of it stands in the event chain, so that nobody can give
themselves another try: the third wrong one voids it, and so do its use, another code and the end of its last day.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Row, insert, select

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain, events
from avgflow.register.detail import checked_actor
from avgflow.register.events import SYSTEM, Event, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import code as table

TRIES = 3


class NoCode(AvgflowError):
    """There is no code that could be given."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"{number} has no code that works: {why}. Send another: avgflow request code {number}")


@dataclass(frozen=True)
class Code:
    """A code that was made: `nth` of its request from 1, good to the end of the day `until`."""

    number: str
    nth: int
    until: date


def put_code(
    conn: Connection, keyring: Keyring, number: str, digits: str, until: date, actor: str, chosen: tuple[int, int]
) -> Code:
    """Keep a new code, which voids the one before, with the event; `chosen`: to which of the known addresses it goes,
    from 1, and how many there are.
    """
    locked(conn, number)
    newest = _newest(conn, number)
    nth = newest.nth + 1 if newest is not None else 1
    values = {"hash": _hash(keyring, number, nth, digits), "until": until, "made_by": checked_actor(actor)}
    conn.execute(insert(table).values(number=number, nth=nth, **values))
    detail = {"code": nth, "until": until.isoformat(), "address": chosen[0], "addresses": chosen[1]}
    chain.link(conn, keyring, [entry(EventName.CODE_MADE, number, actor, detail)])
    return Code(number, nth, until)


def sent(conn: Connection, keyring: Keyring, number: str, nth: int) -> bool:
    """Put on record, once, that a code went out; False where that is on record already."""
    locked(conn, number)
    if _of(events.history(conn, number), EventName.CODE_SENT, nth):
        return False
    chain.link(conn, keyring, [entry(EventName.CODE_SENT, number, SYSTEM, {"code": nth})])
    return True


def tried(conn: Connection, keyring: Keyring, number: str, digits: str, today: date, actor: str) -> int:
    """Hold what was given against the newest code, with the event; the tries that are left, -1 where it was right.

    `NoCode` where there is none, or it was used, spent, or is too old.
    """
    locked(conn, number)
    newest = _newest(conn, number)
    history = events.history(conn, number)
    if newest is None:
        raise NoCode(number, "none was sent")
    wrong = _of(history, EventName.CODE_REFUSED, newest.nth)
    if _of(history, EventName.CODE_ACCEPTED, newest.nth):
        raise NoCode(number, "the last one was used")
    if wrong >= TRIES:
        raise NoCode(number, f"a wrong one was given {TRIES} times")
    if today > newest.until:
        raise NoCode(number, f"the last one worked until {newest.until.isoformat()}")
    if hmac.compare_digest(newest.hash, _hash(keyring, number, newest.nth, digits)):
        chain.link(conn, keyring, [entry(EventName.CODE_ACCEPTED, number, actor, {"code": newest.nth})])
        return -1
    left = TRIES - wrong - 1
    chain.link(conn, keyring, [entry(EventName.CODE_REFUSED, number, actor, {"code": newest.nth, "tries_left": left})])
    return left


def _newest(conn: Connection, number: str) -> Row[tuple[object, ...]] | None:
    query = select(table).where(table.c.number == number).order_by(table.c.nth.desc()).limit(1)
    return conn.execute(query).one_or_none()


def _of(history: Sequence[Event], name: EventName, nth: int) -> int:
    """How many events of a name tell of this code."""
    return sum(event.name == name and event.detail["code"] == nth for event in history)


def _hash(keyring: Keyring, number: str, nth: int, digits: str) -> str:
    """Under a key of its own, and of this request's nth code only, so that equal codes have other hashes."""
    return keyring.sign("one-time code", f"{number}:{nth}:{digits}".encode())
