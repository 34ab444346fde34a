"""Collecting: every row of the batch's people, from one consistent view of a store, into their work files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from avgflow import laps, workfile
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint
from avgflow.stores import selection
from avgflow.stores.selection import Target
from avgflow.workfile import Header, Row, Sealer

Read = Callable[[Connection, Target, Mapping[str, Footprint]], Iterator[tuple[str, Row]]]
"""How the rows of a table are read for a batch: `read`, or `read_with_basis`."""


@dataclass(frozen=True)
class Collected:
    """What was collected for one request from one store: rows by table (0 where none), and the digest of all of it."""

    counts: Mapping[TableName, int]
    digest: str

    @property
    def rows(self) -> int:
        return sum(self.counts.values())


def header_of(target: Target) -> Header:
    """The deliverable columns of a table with their types."""
    return Header(target.name, tuple((name, target.type_of(name)) for name in target.delivered))


def read(view: Connection, target: Target, batch: Mapping[str, Footprint]) -> Iterator[tuple[str, Row]]:
    """The rows of a table for the batch, ordered by request and key, a few hundred in memory at a time."""
    statement = selection.rows(target, batch, selection.delivered)
    if statement is None:
        return
    for number, record_class, *values in statement.read(view, workfile.CHUNK):
        yield number, Row(record_class, tuple(values))


def read_with_basis(view: Connection, target: Target, batch: Mapping[str, Footprint]) -> Iterator[tuple[str, Row]]:
    """As `read`, and of each row whether it rests on consent."""
    if target.table.on_consent is None:
        yield from read(view, target, batch)
        return
    statement = selection.rows(target, batch, selection.delivered_with_basis)
    if statement is None:
        return
    for number, record_class, *values, on_consent in statement.read(view, workfile.CHUNK):
        yield number, Row(record_class, tuple(values), on_consent)


def collect(
    view: Connection,
    targets: Iterable[Target],
    batch: Mapping[str, Footprint],
    work: Path,
    sealer: Sealer,
    read: Read = read,
) -> dict[str, Collected]:
    """Read every table once for the whole batch and write each request's work file; memory does not grow with the
    rows. `read`: as `read_with_basis`, where that must be known of each row.
    """
    counts: dict[str, Counter[TableName]] = {number: Counter() for number in batch}
    store = ""
    with ExitStack() as stack:
        writers: dict[str, workfile.Writer] = {}
        for target in targets:
            if not target.table.access:
                continue
            store = store or target.store.store
            for number in batch:
                if number not in writers:
                    path = workfile.path_of(work, number, store)
                    writers[number] = stack.enter_context(workfile.writing(path, sealer))
                writers[number].table(header_of(target))
                counts[number][target.name] = 0
            with laps.on(store, target.name) as lap:
                for number, row in read(view, target, batch):
                    writers[number].row(row)
                    counts[number][target.name] += 1
                    lap.rows[row.record_class] += 1
        return {number: Collected(counts[number], writer.finish()) for number, writer in writers.items()}
