"""Withholdings: rows that are left out of an access copy for the time being (UAVG art. 41(1)), such as what the police
asked for while an inquiry runs. One officer places it, another confirms it, and only then it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from avgflow.catalog.names import TableName
from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.identity import Key, Place
from avgflow.intake import day_in_amsterdam
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.names import EventName
from avgflow.register.schema import withholding as table

_PURPOSE = "withheld row"


class WithholdingGround(StrEnum):
    """The letter of UAVG art. 41(1) on which a row is withheld."""

    CRIME = "d"
    PUBLIC_INTEREST = "e"
    SUPERVISION = "h"
    RIGHTS_OF_OTHERS = "i"
    CIVIL_CLAIMS = "j"


class UnknownWithholding(AvgflowError):
    """No withholding has this number."""

    def __init__(self) -> None:
        super().__init__("There is no such withholding; `avgflow withholding list` shows those there are.")


@dataclass(frozen=True)
class Withholding:
    """Rows of one table that are withheld; which rows stays sealed."""

    id: int
    store: str
    table: str
    ground: str
    until: date | None
    placed_at: datetime
    placed_by: str
    confirmed_at: datetime | None
    confirmed_by: str | None
    released_at: datetime | None
    released_by: str | None

    @property
    def state(self) -> str:
        """`proposed`, `stands`, `over` or `released`."""
        if self.released_at is not None:
            return "released"
        if self.until is not None and self.until < day_in_amsterdam():
            return "over"
        return "proposed" if self.confirmed_at is None else "stands"


def place(
    conn: Connection,
    keyring: Keyring,
    store: str,
    name: TableName,
    key: Key,
    ground: WithholdingGround,
    until: date | None,
    actor: str,
) -> Withholding:
    """Propose to withhold a row, with the event; it holds once another officer has confirmed it."""
    chain.lock(conn)
    row = conn.execute(
        insert(table)
        .values(
            store=checked_code("the store of a withholding", store),
            table_name=str(name),
            row_hash=_hash(keyring, store, name, key),
            ground=ground.value,
            until=until,
            placed_by=checked_actor(actor),
        )
        .returning(*table.c)
    ).one()
    facts = {"withholding": row.id, "store": store, "table": str(name), "ground": ground.value}
    chain.link(conn, keyring, [entry(EventName.WITHHOLDING_PROPOSED, None, actor, facts)])
    return _withholding(row)


def confirm(conn: Connection, keyring: Keyring, id_: int, actor: str) -> Withholding:
    """Confirm a withholding, with the event; nothing happens where that was done before. `UnknownWithholding`."""
    return _moved(conn, keyring, id_, actor, "confirmed", EventName.WITHHOLDING_CONFIRMED)


def release(conn: Connection, keyring: Keyring, id_: int, actor: str) -> Withholding:
    """End a withholding, with the event; nothing happens where it has ended. `UnknownWithholding`."""
    return _moved(conn, keyring, id_, actor, "released", EventName.WITHHOLDING_RELEASED)


def get(conn: Connection, id_: int) -> Withholding:
    """A withholding; `UnknownWithholding` where there is none."""
    row = conn.execute(select(table).where(table.c.id == id_)).one_or_none()
    if row is None:
        raise UnknownWithholding
    return _withholding(row)


def list_(conn: Connection) -> Sequence[Withholding]:
    """All withholdings, the newest first."""
    return [_withholding(row) for row in conn.execute(select(table).order_by(table.c.id.desc()))]


@dataclass(frozen=True)
class Withheld:
    """Which rows are withheld now: keyed hashes by table."""

    keyring: Keyring
    hashes: Mapping[Place, frozenset[str]]

    def of(self, store: str, name: TableName) -> bool:
        """Whether any row of a table is."""
        return (store, name) in self.hashes

    def row(self, store: str, name: TableName, key: Key) -> bool:
        """Whether this row is."""
        return _hash(self.keyring, store, name, key) in self.hashes.get((store, name), frozenset())


def standing(conn: Connection, keyring: Keyring) -> Withheld:
    """What is withheld today."""
    query = select(table.c.store, table.c.table_name, table.c.row_hash).where(
        table.c.confirmed_at.is_not(None),
        table.c.released_at.is_(None),
        or_(table.c.until.is_(None), table.c.until >= day_in_amsterdam()),
    )
    found: dict[Place, set[str]] = {}
    for row in conn.execute(query):
        found.setdefault((row.store, TableName.parse(row.table_name)), set()).add(row.row_hash)
    return Withheld(keyring, {place_: frozenset(hashes) for place_, hashes in found.items()})


def _moved(conn: Connection, keyring: Keyring, id_: int, actor: str, what: str, name: EventName) -> Withholding:
    chain.lock(conn)
    row = conn.execute(
        update(table)
        .where(table.c.id == id_, table.c[f"{what}_at"].is_(None))
        .values({f"{what}_at": func.clock_timestamp(), f"{what}_by": checked_actor(actor)})
        .returning(*table.c)
    ).one_or_none()
    if row is None:
        return get(conn, id_)
    chain.link(conn, keyring, [entry(name, None, actor, {"withholding": id_})])
    return _withholding(row)


def _hash(keyring: Keyring, store: str, name: TableName, key: Key) -> str:
    return keyring.sign(_PURPOSE, "\x1f".join((store, str(name), *key)).encode())


def _withholding(row: Any) -> Withholding:
    given = {("table" if name == "table_name" else name): value for name, value in row._mapping.items()}
    given.pop("row_hash")
    return Withholding(**given)
