"""Measuring one store against what was collected from it: figures only, no value of any row.

Everything is read afresh: the person is looked up again from the identifiers, every table is counted by SQL of its own
(`stores.count.afresh`), and every row is read a second time and compared, value by value, with the work file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog.names import TableName
from avgflow.identity import Footprint, key_of, normal
from avgflow.redaction import Known, Redactor, flat, texts_of
from avgflow.stores import collect, count
from avgflow.stores.collect import Read
from avgflow.stores.selection import Target, ways
from avgflow.workfile import Header, Reader, Row


@dataclass(frozen=True)
class Measure:
    """One table, measured for one request. All figures are numbers of rows, columns or cells."""

    store: str
    table: str
    unknown_columns: int
    """In the database and not in the catalog."""
    missing_columns: int
    """In the catalog and not in the database (all of them, where the table itself is missing)."""
    planned: int
    collected: int
    counted: int
    """By an independent count, now."""
    identical: int
    """Collected rows that a second reading finds exactly so, value by value."""
    of_others: int
    """Collected rows that no link of the catalog ties to this person."""
    without_key: int
    doubled: int
    """Rows whose key was collected before."""
    unredacted: int
    """Cells in which a third party's name is still readable after redaction."""

    @classmethod
    def figures(cls) -> tuple[str, ...]:
        """The names of the numbers, in order."""
        return tuple(field.name for field in fields(cls) if field.name not in {"store", "table"})

    def row(self) -> dict[str, Any]:
        """As a row of a data frame."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Work:
    """What one request's measuring needs besides the store: plan figures, work file, who is who; `language`: of the
    answer, in which others get their pseudonyms.
    """

    footprint: Footprint
    planned: Mapping[TableName, int]
    reader: Reader
    known: Known
    redactor: Mapping[TableName, Redactor]
    language: str = "nl"


def measure(
    view: Connection,
    targets: Iterable[Target],
    drift: Mapping[TableName, tuple[int, int]],
    batch: Mapping[str, Work],
    read: Read = collect.read,
) -> dict[str, list[Measure]]:
    """Measure every table of one store for each request of the batch.

    `drift`: (unknown, missing) columns by table, as the live schema has them. `read`: as what was collected was read.
    """
    footprints = {number: work.footprint for number, work in batch.items()}
    measures: dict[str, list[Measure]] = {number: [] for number in batch}
    for target in targets:
        if not target.table.access or not target.table.subject:
            continue
        counted = count.afresh(view, target, footprints)
        again = _by_request(read(view, target, footprints))
        waiting = next(again, None)
        for number in sorted(batch, key=str.encode):
            mine: Iterator[Row] = iter(())
            if waiting is not None and waiting[0] == number:
                mine = waiting[1]
            measures[number].append(
                _one(target, drift.get(target.name, (0, 0)), batch[number], counted.get(number, 0), mine)
            )
            if waiting is not None and waiting[0] == number:
                waiting = next(again, None)
    return measures


def _by_request(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, Iterator[Row]]]:
    for number, group in groupby(rows, key=lambda entry: entry[0]):
        yield number, (row for _, row in group)


def _one(target: Target, drift: tuple[int, int], work: Work, counted: int, again: Iterator[Row]) -> Measure:
    name = target.name
    unknown, missing = drift
    tally: Counter[str] = Counter()
    if name in work.reader.counts:
        _compare(target, work, again, tally)
    return Measure(
        store=target.store.store,
        table=str(name),
        unknown_columns=unknown,
        missing_columns=missing,
        planned=work.planned.get(name, 0),
        counted=counted,
        **{figure: tally[figure] for figure in _TALLIED},
    )


_TALLIED = ("collected", "identical", "of_others", "without_key", "doubled", "unredacted")


def _compare(target: Target, work: Work, again: Iterator[Row], tally: Counter[str]) -> None:
    header = work.reader.header(target.name)
    mine = _Belonging(target, header, work.footprint)
    positions = [i for i, (column, _) in enumerate(header.columns) if column in target.table.key]
    names = [(i, sql_type) for i, (column, sql_type) in enumerate(header.columns) if _watched(target, column)]
    redactor = work.redactor[target.name]
    last: tuple[str | None, ...] | None = None
    for row in work.reader.rows(target.name):
        tally["collected"] += 1
        tally["identical"] += row == next(again, None)
        tally["of_others"] += not mine(row)
        key = tuple(row.values[i] for i in positions)
        tally["without_key"] += bool(target.table.key) and None in key
        # Rows come in the order of their key, so a double stands next to its twin.
        tally["doubled"] += bool(target.table.key) and key == last
        last = key
        redacted = redactor.row(row)
        tally["unredacted"] += sum(_readable(redacted.values[i], sql_type, work.known) for i, sql_type in names)


def _watched(target: Target, column: str) -> bool:
    spec = target.table.columns[column]
    return spec.third_party or spec.free_text


def _readable(value: str | None, sql_type: str, known: Known) -> bool:
    """Whether the full name of a third party still stands in a value, other than as a part of the person's own."""
    texts = [f" {flat(text)} " for text in texts_of(value, sql_type)] if value else []
    return any(
        f" {name} " in text and f" {name} " in _without_own(text, name, known.own)
        for text in texts
        for name in known.others
    )


def _without_own(text: str, name: str, own: Iterable[str]) -> str:
    """The text without the person's own names that hold this one ('Kay Van' in 'Kay Van Bragt')."""
    for mine in own:
        if f" {name} " in f" {mine} ":
            text = text.replace(f" {mine} ", " | ")
    return text


class _Belonging:
    """Whether a row is tied to the person by some link, judged from its values alone, without the database."""

    def __init__(self, target: Target, header: Header, footprint: Footprint) -> None:
        at = {column: i for i, (column, _) in enumerate(header.columns)}
        self._links = [
            (way.identifier, [at[column] for column in way.columns], way.values(target, link, footprint))
            for way, link in ways(target)
            if all(column in at for column in way.columns)
        ]

    def __call__(self, row: Row) -> bool:
        for identifier, positions, wanted in self._links:
            values = (row.values[i] for i in positions)
            if key_of(map(normal, values) if identifier else values) in wanted:
                return True
        return False
