"""Tombstones: which rows of a store were erased for whom, sealed, so that what a backup brings back is erased again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register.detail import checked_code
from avgflow.register.locks import locked
from avgflow.register.schema import tombstone as table

_PURPOSE = "tombstone"
_AT_ONCE = 1000
"""Rows that are held in memory while all are read."""


@dataclass(frozen=True)
class Tombstone:
    """What was erased for a request in a store; `body` may hold keys of rows, and is not shown."""

    number: str
    body: Mapping[str, Any] = field(repr=False)
    erased_at: datetime


def put_tombstones(conn: Connection, keyring: Keyring, number: str, store: str, body: Mapping[str, Any]) -> None:
    """Keep what was erased for a request in a store (JSON); belongs in the transaction of the receipt, whose event
    tells of it.

    The same again changes nothing; another body is added as a further row, for what is erased stays erased.
    """
    locked(conn, number)
    # Keyed: the body names rows, and a plain hash of these could be guessed back.
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()
    put = postgresql.insert(table).values(
        number=number,
        store=checked_code("the store of a tombstone", store),
        digest=keyring.sign(_PURPOSE, canonical),
        sealed=keyring.seal_json(body),
    )
    conn.execute(put.on_conflict_do_nothing())


def tombstones(conn: Connection, keyring: Keyring, store: str) -> Iterator[Tombstone]:
    """All tombstones of a store, oldest first; memory does not grow with their number.

    Read them to the end within the caller's transaction. `KeyMissing` as `Keyring.open`.
    """
    rows = conn.execute(
        select(table.c.number, table.c.sealed, table.c.erased_at)
        .where(table.c.store == store)
        .order_by(table.c.id)
        .execution_options(stream_results=True, yield_per=_AT_ONCE)
    )
    for row in rows:
        yield Tombstone(row.number, keyring.open_json(row.sealed), row.erased_at)
