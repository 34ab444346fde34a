"""Holds: what must not be erased, for a claim, complaint, lawsuit or incident (AVG art. 17(3)(e)).

A hold is on a person (all of their records or one class of them), or on a record class of everybody. A person is
known by keyed hashes of identifiers: any one of them, in whatever case, is enough.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError, ToldTwice
from avgflow.intake import Right, day_in_amsterdam
from avgflow.policy.decide import EVERYTHING
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Request, Status, matching
from avgflow.register.schema import hold as table
from avgflow.register.schema import hold_hash, request
from avgflow.register.subjects import Identifiers, hashes, numbers_of

_PURPOSE = "hold"


class HoldReason(StrEnum):
    """Why something is held."""

    CLAIM = "claim"
    COMPLAINT = "complaint"
    LITIGATION = "litigation"
    INCIDENT = "incident"


class HoldState(StrEnum):
    """Whether a hold still holds."""

    ACTIVE = "active"
    EXPIRED = "expired"
    RELEASED = "released"


class HoldRefused(ToldTwice):
    """A hold cannot be placed as it was asked."""


class UnknownHold(AvgflowError):
    """No hold has this number."""

    def __init__(self, id_: int) -> None:
        super().__init__(f"There is no hold {id_}. `avgflow hold list --all` shows those there are.")


@dataclass(frozen=True)
class Hold:
    """A hold, without whom it is on. `until` is its last day; None: until it is released."""

    id: int
    of_subject: bool
    record_class: str | None
    until: date | None
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None

    def state(self, today: date) -> HoldState:
        """Whether it still holds on a day."""
        if self.released_at is not None:
            return HoldState.RELEASED
        return HoldState.EXPIRED if self.until is not None and self.until < today else HoldState.ACTIVE


_SHOWN = [table.c[name] for name in Hold.__dataclass_fields__]


def place(
    conn: Connection,
    keyring: Keyring,
    identifiers: Identifiers | None,
    record_class: str | None,
    until: date | None,
    reason: str,
    actor: str,
) -> Hold:
    """Place a hold, with the event, and return it; the very same hold that stands already is returned as it is.

    `identifiers` None: on everybody's records of the class. `HoldRefused` where it would be on nothing, its identifiers
    are all blank (it would be on everybody), its reason is unknown or its end lies in the past.
    """
    of_subject = identifiers is not None
    hashed = sorted(hashes(keyring, identifiers or {}))
    _require(record_class, until, reason, of_subject, hashed)
    digest = keyring.sign(
        _PURPOSE,
        json.dumps([hashed, record_class, until.isoformat() if until else None, reason]).encode(),
    )
    chain.lock(conn)
    standing = conn.execute(
        select(*_SHOWN).where(table.c.digest == digest, table.c.released_at.is_(None))
    ).one_or_none()
    if standing is not None:
        return _hold(standing)
    row = conn.execute(
        insert(table)
        .values(
            digest=digest,
            of_subject=of_subject,
            record_class=checked_code("the record class of a hold", record_class) if record_class else None,
            until=until,
            reason=reason,
            placed_by=checked_actor(actor),
        )
        .returning(*_SHOWN)
    ).one()
    if hashed:
        conn.execute(insert(hold_hash), [{"hold_id": row.id, "hash": each} for each in hashed])
    chain.link(conn, keyring, [entry(EventName.HOLD_PLACED, None, actor, _facts(row))])
    return _hold(row)


def release(conn: Connection, keyring: Keyring, id_: int, actor: str) -> Hold:
    """Release a hold, with the event, and return it; nothing happens where it was released before. `UnknownHold`."""
    chain.lock(conn)
    held = get(conn, id_)
    if held.released_at is not None:
        return held
    row = conn.execute(
        update(table)
        .where(table.c.id == id_)
        .values(released_at=func.clock_timestamp(), released_by=checked_actor(actor))
        .returning(*_SHOWN)
    ).one()
    chain.link(conn, keyring, [entry(EventName.HOLD_RELEASED, None, actor, _facts(row))])
    return _hold(row)


def get(conn: Connection, id_: int) -> Hold:
    """A hold by its number; `UnknownHold`."""
    row = conn.execute(select(*_SHOWN).where(table.c.id == id_)).one_or_none()
    if row is None:
        raise UnknownHold(id_)
    return _hold(row)


def of(
    conn: Connection, keyring: Keyring, identifiers: Identifiers, today: date | None = None
) -> dict[str, date | None]:
    """What is held of whoever has one of these identifiers, as `decide.Situation.holds` wants it.

    By record class, or `EVERYTHING`: the last day, None where that is not known. Of several holds the longest counts,
    one on everything for each class too; expired and released ones do not.
    """
    return of_hashes(conn, hashes(keyring, identifiers), today)


def of_hashes(conn: Connection, hashed: Iterable[str], today: date | None = None) -> dict[str, date | None]:
    """`of`, for whoever is known by these keyed hashes."""
    rows = conn.execute(
        select(table.c.record_class, func.bool_or(table.c.until.is_(None)), func.max(table.c.until))
        .where(
            table.c.released_at.is_(None),
            or_(table.c.until.is_(None), table.c.until >= (today or day_in_amsterdam())),
            or_(table.c.of_subject.is_(False), _on_one_of(hashed)),
        )
        .group_by(table.c.record_class)
    )
    found: dict[str, date | None] = {row[0] or EVERYTHING: None if row[1] else row[2] for row in rows}
    if EVERYTHING in found:
        of_all = found[EVERYTHING]
        for record_class, until in found.items():
            if of_all is None or (until is not None and until < of_all):
                found[record_class] = of_all
    return found


def on_people(conn: Connection, today: date | None = None) -> Sequence[tuple[Hold, frozenset[str]]]:
    """The holds on people that hold, each with the keyed hashes of whoever it is on."""
    query = (
        select(*_SHOWN, func.array_agg(hold_hash.c.hash).label("hashes"))
        .join(hold_hash, hold_hash.c.hold_id == table.c.id)
        .where(
            table.c.released_at.is_(None),
            or_(table.c.until.is_(None), table.c.until >= (today or day_in_amsterdam())),
        )
        .group_by(table.c.id)
        .order_by(table.c.id)
    )
    return [
        (Hold(**{name: row._mapping[name] for name in Hold.__dataclass_fields__}), frozenset(row.hashes))
        for row in conn.execute(query)
    ]


def list_(conn: Connection) -> Sequence[Hold]:
    """Every hold that was ever placed, the newest first."""
    return [_hold(row) for row in conn.execute(select(*_SHOWN).order_by(table.c.id.desc()))]


def on(conn: Connection, keyring: Keyring, identifiers: Identifiers) -> Sequence[Hold]:
    """The holds on whoever has one of these identifiers, released ones too, the newest first."""
    query = select(*_SHOWN).where(_on_one_of(hashes(keyring, identifiers))).order_by(table.c.id.desc())
    return [_hold(row) for row in conn.execute(query)]


def closed_erasures(conn: Connection, hold: Hold) -> Sequence[Request]:
    """Closed erasure requests of whoever a hold is on, in the order they were registered; those that were withdrawn or
    lay outside the AVG asked for nothing in the end.
    """
    held = select(hold_hash.c.hash).where(hold_hash.c.hold_id == hold.id)
    return matching(
        conn,
        request.c.right == Right.ERASURE.value,
        request.c.status == Status.CLOSED.value,
        request.c.outcome.not_in([Outcome.WITHDRAWN.value, Outcome.OUTSIDE_AVG.value]),
        *([request.c.number.in_(numbers_of(held))] if hold.of_subject else []),
    )


def _on_one_of(hashed: Iterable[str]) -> ColumnElement[bool]:
    given = bindparam("hashes", sorted(set(hashed)), postgresql.ARRAY(hold_hash.c.hash.type))
    return exists().where(hold_hash.c.hold_id == table.c.id, hold_hash.c.hash == func.any(given))


def _require(
    record_class: str | None, until: date | None, reason: str, of_subject: bool, hashed: Sequence[str]
) -> None:
    if not of_subject and record_class is None:
        raise HoldRefused(
            "A hold is on a person, on a record class, or on both; give at least one of them.",
            "Een wisverbod geldt voor een persoon, voor een soort gegevens, of voor beide. Vul er ten minste één in.",
        )
    if of_subject and not hashed:
        raise HoldRefused(
            "The identifiers of this hold are blank. Give at least one identifier of the person.",
            "Om wie gaat het? Vul een e-mailadres, een klantnummer of een ander kenmerk van de persoon in.",
        )
    if reason not in list(HoldReason):
        raise HoldRefused(
            f"This reason for a hold is unknown. Choose one of: {', '.join(HoldReason)}.",
            "Kies waarom dit niet gewist mag worden.",
        )
    if until is not None and until < day_in_amsterdam():
        raise HoldRefused(
            "The last day of this hold lies in the past. Give a later one, or none.",
            "De laatste dag van dit wisverbod is al voorbij. Kies een latere dag, of laat hem leeg.",
        )


def _facts(row: Row[Any]) -> dict[str, object]:
    facts = {
        "hold": row.id,
        "on": "subject" if row.of_subject else "everybody",
        "reason": row.reason,
        "record_class": row.record_class,
        "until": row.until.isoformat() if row.until else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _hold(row: Row[Any]) -> Hold:
    return Hold(**row._mapping)
