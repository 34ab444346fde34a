"""The parts of a sweep: the rows that one transaction of a store may change, sealed, and what became of it.

As with `intents`, the transaction is written down before it is committed; whoever comes back after a kill asks the
store what became of it. Once the sweep is proven, or at its end without, the keys are let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from avgflow.crypto import Keyring
from avgflow.register.schema import sweep_part as table

_PURPOSE = "sweep part"


@dataclass(frozen=True)
class Part:
    """A part that is to be carried out; `body` as `avgflow.sweep.measure.Batch` writes it, `changed`, `transaction` and
    `system` from when it was about to be committed.
    """

    number: str
    store: str
    nth: int
    table: str
    code: str
    rows: int
    body: bytes = field(repr=False)
    transaction: str | None = None
    system: str | None = None
    changed: int | None = None


def put(
    conn: Connection,
    keyring: Keyring,
    number: str,
    store: str,
    first: int,
    parts: Iterable[tuple[str, str, str, int, bytes]],
) -> list[str]:
    """Write parts from a place in the order on, each as (table, rule, kind, rows, body); their digests."""
    rows = [
        {
            "number": number,
            "store": store,
            "nth": nth,
            "table_name": name,
            "code": code,
            "kind": kind,
            "rows": count,
            "digest": keyring.sign(_PURPOSE, body),
            "sealed": keyring.seal(body),
        }
        for nth, (name, code, kind, count, body) in enumerate(parts, first)
    ]
    if rows:
        conn.execute(insert(table), rows)
    return [str(row["digest"]) for row in rows]


def next_open(conn: Connection, keyring: Keyring, number: str, store: str) -> Part | None:
    """The first part of a store that is not done; None where all are."""
    row = conn.execute(
        select(table)
        .where(table.c.number == number, table.c.store == store, table.c.done_at.is_(None))
        .order_by(table.c.nth)
        .limit(1)
    ).one_or_none()
    return _part(keyring, row) if row is not None else None


def about_to_commit(conn: Connection, part: Part, transaction: str, system: str, changed: int) -> None:
    """Write down the transaction that is about to change the rows of a part."""
    conn.execute(update(table).where(*_of(part)).values(transaction=transaction, system=system, changed=changed))


def done(conn: Connection, part: Part, changed: int) -> None:
    """A part is carried out: it changed so many rows."""
    conn.execute(
        update(table)
        .where(*_of(part), table.c.done_at.is_(None))
        .values(changed=changed, done_at=func.clock_timestamp())
    )


def of_store(conn: Connection, keyring: Keyring, number: str, store: str) -> Iterator[tuple[Part, bool]]:
    """The parts of a store, each with whether it is done, as long as their keys are kept; a few in memory at a time."""
    query = (
        select(table)
        .where(table.c.number == number, table.c.store == store, table.c.sealed.is_not(None))
        .order_by(table.c.nth)
        .execution_options(stream_results=True, yield_per=20)
    )
    for row in conn.execute(query):
        yield _part(keyring, row), row.done_at is not None


def let_go(conn: Connection, number: str) -> None:
    """Let go of the keys of a sweep's rows, once nothing has to be proven by them any more."""
    conn.execute(update(table).where(table.c.number == number, table.c.sealed.is_not(None)).values(sealed=None))


def _of(part: Part) -> tuple[ColumnElement[bool], ...]:
    return table.c.number == part.number, table.c.store == part.store, table.c.nth == part.nth


def _part(keyring: Keyring, row: Row[Any]) -> Part:
    return Part(
        row.number,
        row.store,
        row.nth,
        row.table_name,
        row.code,
        row.rows,
        keyring.open(row.sealed),
        row.transaction,
        row.system,
        row.changed,
    )
