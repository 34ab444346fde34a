"""Annotations: what is noted about rows that stay as they are (AVG art. 16): the right value, or the person's own
statement. Whoever uses such a row can ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_code
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import annotation as table
from avgflow.register.schema import subject_hash


@dataclass(frozen=True)
class Annotation:
    """Rows of one table about which something is noted, by a request; what is noted stays sealed."""

    number: str
    store: str
    table: str
    rows: int
    at: datetime


@dataclass(frozen=True, repr=False)
class Note:
    """What is noted: of which rows (by key), the right value by attribute, and the person's statement."""

    where: Annotation
    keys: tuple[tuple[str, ...], ...]
    right: tuple[tuple[str, str], ...]
    statement: str | None

    def __repr__(self) -> str:
        return "Note(…)"


def put_annotation(
    conn: Connection,
    keyring: Keyring,
    number: str,
    store: str,
    name: str,
    keys: Sequence[Sequence[str]],
    right: Iterable[tuple[str, str]],
    statement: str | None,
) -> None:
    """Note something about rows of one table, with the event; nothing happens where this request did so before."""
    locked(conn, number)
    body = {"keys": [list(key) for key in keys], "right": [list(pair) for pair in right], "statement": statement}
    made = conn.execute(
        postgresql.insert(table)
        .values(
            number=number,
            store=checked_code("the store of an annotation", store),
            table_name=name,
            rows=len(keys),
            sealed=keyring.seal_json(body),
        )
        .on_conflict_do_nothing()
        .returning(table.c.id)
    ).one_or_none()
    if made is not None:
        facts = {"store": store, "table": name, "rows": len(keys)}
        chain.link(conn, keyring, [entry(EventName.ANNOTATION_MADE, number, SYSTEM, facts)])


def find_annotations(conn: Connection, *, store: str | None = None) -> Sequence[Annotation]:
    """Annotations of rows of a store, or of all, the oldest first; nothing of what is noted."""
    query = select(table).order_by(table.c.id)
    if store is not None:
        query = query.where(table.c.store == store)
    return [_where(row) for row in conn.execute(query)]


def notes_of(conn: Connection, keyring: Keyring, number: str) -> Sequence[Note]:
    """What a request noted, opened."""
    query = select(table).where(table.c.number == number).order_by(table.c.id)
    return [_note(keyring, row) for row in conn.execute(query)]


def notes_of_person(conn: Connection, keyring: Keyring, hashes: Iterable[str]) -> Sequence[Note]:
    """What was noted at the requests of whoever has one of these keyed hashes, opened; the oldest first."""
    theirs = select(subject_hash.c.number).where(subject_hash.c.hash.in_(sorted(hashes)))
    query = select(table).where(table.c.number.in_(theirs)).order_by(table.c.id)
    return [_note(keyring, row) for row in conn.execute(query)]


def _where(row: Any) -> Annotation:
    return Annotation(row.number, row.store, row.table_name, row.rows, row.at)


def _note(keyring: Keyring, row: Any) -> Note:
    body = keyring.open_json(row.sealed)
    keys, right = (tuple(tuple(one) for one in body[name]) for name in ("keys", "right"))
    return Note(_where(row), keys, right, body["statement"])
