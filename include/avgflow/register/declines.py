"""Requests that are not carried out as asked: who proposed it, why, and who confirmed it (AVG art. 12(4))."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.policy.reasons import DeclineReason
from avgflow.register import chain
from avgflow.register.detail import checked_actor
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.requests import RequestClosed, Status
from avgflow.register.schema import decline, declined


@dataclass(frozen=True)
class Proposal:
    """What stands to be confirmed; `note`: the facts as the person reads them, sealed on the register."""

    id: int
    reason: DeclineReason
    actor: str
    at: datetime
    note: str = field(default="", repr=False)

    @property
    def by_itself(self) -> bool:
        """Whether it follows from who asks, and no human proposed it."""
        return self.actor == SYSTEM


@dataclass(frozen=True)
class Confirmed:
    """A proposal that was confirmed; `alone`: where the policy names no second officer."""

    proposal: Proposal
    actor: str
    alone: bool
    at: datetime


def propose(
    conn: Connection, keyring: Keyring, number: str, reason: DeclineReason, note: str = "", actor: str = SYSTEM
) -> Proposal:
    """Put a proposal on the register, with the event, in the place of an earlier one; the very same one stands.

    `RequestClosed` where the request is closed.
    """
    _open(conn, number)
    standing = proposal(conn, keyring, number)
    if standing is not None and (standing.reason, standing.note, standing.actor) == (reason, note, actor):
        return standing
    sealed = keyring.seal(note.encode()) if note else None
    values = {"number": number, "reason": reason.value, "note_sealed": sealed, "actor": checked_actor(actor)}
    row = conn.execute(insert(decline).values(**values).returning(decline.c.id, decline.c.at)).one()
    detail = {"reason": reason.value, "note": bool(note)}
    chain.link(conn, keyring, [entry(EventName.DECLINE_PROPOSED, number, actor, detail)])
    return Proposal(row.id, reason, actor, row.at, note)


def drop(conn: Connection, keyring: Keyring, number: str, actor: str) -> bool:
    """Take the proposal back, with the event; False where there is none."""
    _open(conn, number)
    if proposal(conn, keyring, number) is None:
        return False
    conn.execute(insert(decline).values(number=number, actor=checked_actor(actor)))
    chain.link(conn, keyring, [entry(EventName.DECLINE_DROPPED, number, actor)])
    return True


def proposal(conn: Connection, keyring: Keyring, number: str) -> Proposal | None:
    """The proposal that stands, confirmed or not; None where there is none."""
    newest = select(decline).where(decline.c.number == number).order_by(decline.c.id.desc()).limit(1)
    row = conn.execute(newest).one_or_none()
    return _proposal(keyring, row) if row is not None and row.reason is not None else None


def confirm(
    conn: Connection, keyring: Keyring, number: str, confirmed_: Proposal, actor: str, alone: bool
) -> Confirmed:
    """Record that a proposal is confirmed, with the event; what was confirmed before stands."""
    _open(conn, number)
    values = {"decline_id": confirmed_.id, "actor": checked_actor(actor), "alone": alone}
    put = postgresql.insert(declined).values(number=number, **values).on_conflict_do_nothing()
    if conn.execute(put.returning(declined.c.number)).one_or_none() is not None:
        detail = {"reason": confirmed_.reason.value, "proposed_by": confirmed_.actor, "alone": alone}
        chain.link(conn, keyring, [entry(EventName.REQUEST_DECLINED, number, actor, detail)])
    found = confirmed(conn, keyring, number)
    assert found is not None, "it was just written, or was there"
    return found


def confirmed(conn: Connection, keyring: Keyring, number: str) -> Confirmed | None:
    """The confirmed proposal of a request; None where it is carried out as asked, as far as is known."""
    row = conn.execute(select(declined).where(declined.c.number == number)).one_or_none()
    if row is None:
        return None
    proposed = conn.execute(select(decline).where(decline.c.id == row.decline_id)).one()
    return Confirmed(_proposal(keyring, proposed), row.actor, row.alone, row.at)


def is_confirmed(conn: Connection, number: str) -> bool:
    """Whether a request is declined, for whoever needs to know no more."""
    return conn.execute(select(declined.c.number).where(declined.c.number == number)).one_or_none() is not None


def proposed(conn: Connection, numbers: Collection[str]) -> frozenset[str]:
    """Those of the requests that wait for somebody to confirm a proposal."""
    newest = select(func.max(decline.c.id)).where(decline.c.number.in_(numbers)).group_by(decline.c.number)
    done = select(declined.c.number)
    query = select(decline.c.number).where(
        decline.c.id.in_(newest), decline.c.reason.is_not(None), decline.c.number.not_in(done)
    )
    return frozenset(conn.execute(query).scalars())


def _proposal(keyring: Keyring, row: Row[Any]) -> Proposal:
    note = keyring.open(row.note_sealed).decode() if row.note_sealed else ""
    return Proposal(row.id, DeclineReason(row.reason), row.actor, row.at, note)


def _open(conn: Connection, number: str) -> None:
    held = locked(conn, number)
    if held.status == Status.CLOSED:
        raise RequestClosed(number, held.outcome)
