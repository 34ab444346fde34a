"""Every sealed value of the register: counting which key seals it, and sealing it anew under the newest.

What the register says does not change: a hash, digest or signature is always over the clear value, never over its
ciphertext, so the event chain knows nothing of keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import UserDefinedType

from avgflow.crypto import Keyring
from avgflow.register.schema import metadata

BATCH_ROWS = 200
BATCH_BYTES = 8 * 1024 * 1024
"""A batch is one transaction: whoever works on one of its rows waits for it, so it is short."""


class _Tid(UserDefinedType[str]):
    """Where a row version lies: page and place."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "tid"


_ctid: ColumnElement[str] = literal_column("ctid", _Tid())


@dataclass(frozen=True)
class Place:
    """A column of sealed values."""

    table: Table
    column: Column[bytes]

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"


def places() -> Sequence[Place]:
    """All columns of sealed values: each column of bytes, for the register keeps nothing else in one."""
    return [
        Place(table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]


def amount(conn: Connection, place: Place) -> int:
    """How many values a column holds."""
    count: int = conn.execute(select(func.count(place.column))).scalar_one()
    return count


def count(conn: Connection, keyring: Keyring, place: Place) -> Iterator[Counter[str | None]]:
    """How many values each key (by fingerprint; None: no key at hand) seals, in parts, for a caller who tells how far
    it is. Within a snapshot, so that nothing is counted twice or missed.
    """
    for batch in _batches(conn, place):
        rows = conn.execute(_fetched(place, batch))
        yield Counter(keyring.sealed_by(row.sealed) for row in rows)


@dataclass
class Batch:
    """What became of some values: those looked at, and how many of them were sealed anew."""

    seen: int = 0
    resealed: int = 0


def next_batch(conn: Connection, keyring: Keyring, place: Place, after: str, until: str) -> tuple[str | None, Batch]:
    """Seal anew what follows `after` and lies before `until`, as the register's owner; where it ended, None at the
    end.

    A row that somebody works on is left for another time. `KeyMissing` is not raised: what no key opens stays.
    """
    done = Batch()
    batch = next(_batches(conn, place, after, until), None)
    if batch is None:
        return None, done
    newest = keyring.fingerprints[0]
    locked = _fetched(place, batch).with_for_update(skip_locked=True, key_share=True)
    for row in conn.execute(locked).all():
        done.seen += 1
        by = keyring.sealed_by(row.sealed)
        if by is None or by == newest:
            continue
        put = func.reseal(place.table.name, place.column.name, _at(row.at), row.sealed, keyring.reseal(row.sealed))
        done.resealed += bool(conn.execute(select(put)).scalar_one())
    return batch[-1], done


def end_of(conn: Connection, place: Place) -> str:
    """A place beyond every row that the table has now; what is written later lies wherever there is room."""
    pages = conn.execute(
        select(func.pg_relation_size(place.table.name) / cast(func.current_setting("block_size"), BigInteger))
    ).scalar_one()
    return f"({int(pages)},0)"


BEGIN = "(0,0)"


def _batches(conn: Connection, place: Place, after: str = BEGIN, until: str | None = None) -> Iterator[Sequence[str]]:
    """The places of rows that hold a value, in order, so many at a time as make a batch."""
    while True:
        size = func.octet_length(place.column).label("size")
        query = select(cast(_ctid, Text).label("at"), size).select_from(place.table)
        query = query.where(place.column.is_not(None), _ctid > _at(after))
        if until is not None:
            query = query.where(_ctid < _at(until))
        found = conn.execute(query.order_by(_ctid).limit(BATCH_ROWS)).all()
        if not found:
            return
        batch: list[str] = []
        held = 0
        for row in found:
            if batch and held + row.size > BATCH_BYTES:
                break
            batch.append(row.at)
            held += row.size
        yield batch
        after = batch[-1]


def _fetched(place: Place, batch: Sequence[str]) -> Select[str, bytes]:
    wanted = cast(literal(list(batch), ARRAY(Text)), ARRAY(_Tid()))
    return (
        select(cast(_ctid, Text).label("at"), place.column.label("sealed"))
        .where(_ctid == func.any(wanted), place.column.is_not(None))
        .order_by(_ctid)
    )


def _at(place: str) -> ColumnElement[str]:
    return cast(literal(place), _Tid())
