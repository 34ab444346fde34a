"""Breaches on record: what went to the wrong person, the 72-hour clock, and the facts as they became known (art. 33).

To whom it went, and every fact, is sealed. Facts are only added; of each field the newest counts, the earlier stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql

from avgflow import breach
from avgflow.breach import Facts, Field, NotComplete, What
from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.register import chain
from avgflow.register.detail import checked_actor
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import breach as table
from avgflow.register.schema import breach_fact

_PURPOSE = "breach"


class UnknownBreach(AvgflowError):
    """No breach has this number."""

    def __init__(self, id_: int) -> None:
        super().__init__(f"There is no breach {id_}. `avgflow breach list` shows those there are.")


class BreachClosed(AvgflowError):
    """A closed breach takes no more facts."""

    def __init__(self, id_: int) -> None:
        super().__init__(f"Breach {id_} is closed. If more came to light, open another: avgflow breach open NUMBER.")


@dataclass(frozen=True)
class Breach:
    """A breach, without to whom it went. `due_at`: when the 72 hours end."""

    id: int
    number: str
    what: What
    aware_at: datetime
    due_at: datetime
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, repr=False)
class Recorded:
    """One fact as it was put on record; its text form shows nothing."""

    field: Field
    value: str
    at: datetime
    actor: str


_SHOWN = [table.c[name] for name in Breach.__dataclass_fields__]


def open_(conn: Connection, keyring: Keyring, number: str, what: What, to: str, aware: datetime, actor: str) -> Breach:
    """Put a breach on record, with the event, and return it; the very same one that is there is returned as it is.

    `UnknownRequest` for a number that was never given out.
    """
    locked(conn, number)
    digest = keyring.sign(_PURPOSE, json.dumps([number, what, to, aware.isoformat()]).encode())
    put = postgresql.insert(table).values(
        number=number,
        what=what.value,
        aware_at=aware,
        due_at=breach.due(aware),
        digest=digest,
        sealed=keyring.seal_json({"to": to}),
        opened_by=checked_actor(actor),
    )
    row = conn.execute(put.on_conflict_do_nothing().returning(*_SHOWN)).one_or_none()
    if row is None:
        return _breach(conn.execute(select(*_SHOWN).where(table.c.digest == digest)).one())
    detail = {"breach": row.id, "what": what.value, "aware": _day(row.aware_at), "due": _day(row.due_at)}
    chain.link(conn, keyring, [entry(EventName.BREACH_OPENED, number, actor, detail)])
    return _breach(row)


def record(conn: Connection, keyring: Keyring, id_: int, facts: Mapping[Field, str], actor: str) -> None:
    """Add facts, with one event that names the fields. `UnknownBreach`, `BreachClosed`."""
    standing = _locked(conn, id_)
    if standing.closed_at is not None:
        raise BreachClosed(id_)
    rows = [
        {"breach_id": id_, "field": field.value, "sealed": keyring.seal_json(value), "actor": checked_actor(actor)}
        for field, value in facts.items()
    ]
    if rows:
        conn.execute(insert(breach_fact), rows)
        detail = {"breach": id_, "fields": [field.value for field in facts]}
        chain.link(conn, keyring, [entry(EventName.BREACH_RECORDED, standing.number, actor, detail)])


def close(conn: Connection, keyring: Keyring, id_: int, actor: str) -> Breach:
    """Close a breach, with the event, and return it; nothing happens where it was closed before.

    `NotComplete` says what is missing: without word to the authority there must be a reason on record.
    """
    standing = _locked(conn, id_)
    if standing.closed_at is not None:
        return standing
    known = facts(conn, keyring, id_)
    if open_point := breach.missing(known, standing.due_at):
        raise NotComplete(id_, open_point)
    row = conn.execute(
        update(table)
        .where(table.c.id == id_)
        .values(closed_at=func.clock_timestamp(), closed_by=checked_actor(actor))
        .returning(*_SHOWN)
    ).one()
    told = known.get(Field.AP_TOLD)
    detail = {
        "breach": id_,
        "ap": "told" if told else "not-told",
        "in_time": told is None or datetime.fromisoformat(told) <= standing.due_at,
        "high_risk": known[Field.HIGH_RISK] == "yes",
        "subject": "told" if Field.SUBJECT_TOLD in known else "not-told",
    }
    chain.link(conn, keyring, [entry(EventName.BREACH_CLOSED, standing.number, actor, detail)])
    return _breach(row)


def get(conn: Connection, id_: int) -> Breach:
    """A breach by its number; `UnknownBreach`."""
    row = conn.execute(select(*_SHOWN).where(table.c.id == id_)).one_or_none()
    if row is None:
        raise UnknownBreach(id_)
    return _breach(row)


def list_(conn: Connection) -> Sequence[Breach]:
    """Every breach, the newest first."""
    return [_breach(row) for row in conn.execute(select(*_SHOWN).order_by(table.c.id.desc()))]


def not_closed(conn: Connection) -> Sequence[Breach]:
    """Every breach that is not closed, the one whose hours end first before the others."""
    query = select(*_SHOWN).where(table.c.closed_at.is_(None)).order_by(table.c.due_at, table.c.id)
    return [_breach(row) for row in conn.execute(query)]


def settled(conn: Connection) -> frozenset[int]:
    """The breaches that the authority was told of, or of which it is on record why it need not be."""
    either = [Field.AP_TOLD.value, Field.AP_NOT_TOLD.value]
    query = select(breach_fact.c.breach_id).where(breach_fact.c.field.in_(either)).distinct()
    return frozenset(conn.execute(query).scalars())


def fields(conn: Connection, id_: int) -> frozenset[Field]:
    """The fields of which anything is on record, without opening any."""
    return frozenset(
        Field(name)
        for name in conn.execute(select(breach_fact.c.field).where(breach_fact.c.breach_id == id_)).scalars()
    )


def facts(conn: Connection, keyring: Keyring, id_: int) -> Facts:
    """The newest of each field."""
    return {one.field: one.value for one in history(conn, keyring, id_)}


def history(conn: Connection, keyring: Keyring, id_: int) -> Sequence[Recorded]:
    """All that was put on record, in that order."""
    rows = conn.execute(select(breach_fact).where(breach_fact.c.breach_id == id_).order_by(breach_fact.c.id))
    return [Recorded(Field(row.field), str(keyring.open_json(row.sealed)), row.at, row.actor) for row in rows]


def to_whom(conn: Connection, keyring: Keyring, id_: int, actor: str) -> str:
    """To whom it went, with an event each time: show it to `actor` after the transaction is committed, not before."""
    standing = get(conn, id_)
    locked(conn, standing.number)
    sealed = conn.execute(select(table.c.sealed).where(table.c.id == id_)).scalar_one()
    chain.link(conn, keyring, [entry(EventName.BREACH_SHOWN, standing.number, actor, {"breach": id_})])
    return str(keyring.open_json(sealed)["to"])


def _locked(conn: Connection, id_: int) -> Breach:
    locked(conn, get(conn, id_).number)
    return get(conn, id_)


def _day(moment: datetime) -> str:
    return moment.astimezone(AMSTERDAM).date().isoformat()


def _breach(row: Row[Any]) -> Breach:
    return Breach(**{**row._mapping, "what": What(row.what)})
