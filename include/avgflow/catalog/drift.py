"""Where the catalog and a store's live schema part ways.

Read before every run: a table or column that one side does not know makes a request unsafe, for rows could be left out
in silence; a missing index makes it slow, and is advice. Nothing is mended here: a human decides, in the catalog or in
the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from avgflow.catalog.links import Link
from avgflow.catalog.live import Index, LiveSchema, LiveTable
from avgflow.catalog.models import Store, Table
from avgflow.catalog.names import TableName, quoted
from avgflow.errors import AvgflowError
from avgflow.identity import BLANKS, BLANKS_SQL


class Severity(StrEnum):
    """`unsafe`: no request runs on this store until it is decided; `advice`: it runs, but slowly."""

    UNSAFE = "unsafe"
    ADVICE = "advice"


class DriftKind(StrEnum):
    """What is not as the catalog says."""

    UNKNOWN_TABLE = "unknown table"
    MISSING_TABLE = "missing table"
    UNKNOWN_COLUMN = "unknown column"
    MISSING_COLUMN = "missing column"
    WRONG_KIND = "wrong kind"
    WRONG_KEY = "wrong key"
    REJECTED_CONDITION = "rejected condition"
    MISSING_INDEX = "missing index"


@dataclass(frozen=True)
class Drift:
    """One difference, with what a person must do; `statement` is SQL that would mend it."""

    store: str
    table: TableName
    kind: DriftKind
    message: str
    statement: str | None = None

    @property
    def severity(self) -> Severity:
        """Only a missing index lets requests run."""
        return Severity.ADVICE if self.kind is DriftKind.MISSING_INDEX else Severity.UNSAFE

    def __str__(self) -> str:
        return f"{self.store}.{self.table}: {self.kind}: {self.message}"


class CatalogDrift(AvgflowError):
    """A store's schema is not what the catalog says, so that rows could be left out."""

    def __init__(self, drifts: Iterable[Drift]) -> None:
        self.drifts = tuple(drifts)
        super().__init__(
            "The catalog does not fit the stores; see `avgflow catalog check`. "
            + " ".join(str(drift) for drift in self.drifts)
        )


def refuse_unsafe(drifts: Iterable[Drift]) -> None:
    """Raise `CatalogDrift` with every difference that makes a request unsafe; advice passes."""
    if unsafe := [drift for drift in drifts if drift.severity is Severity.UNSAFE]:
        raise CatalogDrift(unsafe)


def drift(store: Store, live: LiveSchema) -> tuple[Drift, ...]:
    """Every difference between a store's catalog file and its live schema, table by table."""
    found: list[Drift] = []
    for name in sorted(live.tables.keys() - store.tables.keys()):
        kind = live.tables[name].kind
        found.append(
            Drift(
                store.store,
                name,
                DriftKind.UNKNOWN_TABLE,
                f"the database has this {kind}, the catalog does not. Describe it there (subject: none where its rows "
                f"are nobody's).",
            )
        )
    for name, table in store.tables.items():
        there = live.tables.get(name)
        if there is None:
            message = f"the catalog describes this {table.kind}, the database has none. Correct or remove it there."
            found.append(Drift(store.store, name, DriftKind.MISSING_TABLE, message))
        else:
            found += _of_table(store.store, table, there)
    return tuple(found)


def _of_table(store: str, table: Table, live: LiveTable) -> Iterator[Drift]:
    for column in (name for name in live.columns if name not in table.columns):
        message = f"column {quoted(column)} is not in the catalog. Say what it holds (none where it is not personal)."
        yield Drift(store, live.name, DriftKind.UNKNOWN_COLUMN, message)
    for column in (name for name in table.columns if name not in live.columns):
        message = f"column {quoted(column)} of the catalog is not in the database. Correct or remove it there."
        yield Drift(store, live.name, DriftKind.MISSING_COLUMN, message)
    if table.kind != plain_kind(live):
        message = f"the catalog says {table.kind}, it is a {live.kind}. Write kind: {plain_kind(live)}."
        yield Drift(store, live.name, DriftKind.WRONG_KIND, message)
    wrong_key = _wrong_key(table, live)
    if wrong_key is not None:
        yield Drift(store, live.name, DriftKind.WRONG_KEY, wrong_key)
    if live.kind in {"table", "partitioned table", "materialized view"}:
        yield from _missing_indexes(store, table, live)


def plain_kind(live: LiveTable) -> str:
    """The kind as the catalog writes it: how a table is stored is none of its business."""
    return "table" if live.kind in {"partitioned table", "foreign table"} else live.kind


def _wrong_key(table: Table, live: LiveTable) -> str | None:
    if set(table.key) == set(live.primary_key) or not set(table.key) <= live.columns.keys():
        return None
    if live.primary_key and not table.key:
        return f"it has the primary key {', '.join(live.primary_key)}. Write key: [{', '.join(live.primary_key)}]."
    if live.kind in {"view", "foreign table"} or any(_is_unique(index, table.key) for index in live.indexes):
        return None
    has = f"its primary key is {', '.join(live.primary_key)}" if live.primary_key else "it has no primary key"
    return f"nothing in the database makes {', '.join(table.key)} unique; {has}. Write that key, or none (key: [])."


def key_of(live: LiveTable) -> tuple[str, ...]:
    """The primary key, or the columns of the first unique index in its place; empty where there is neither."""
    unique = (index.columns for index in live.indexes if _is_unique(index, index.columns))
    return live.primary_key or next(unique, ())


def _is_unique(index: Index, key: tuple[str, ...]) -> bool:
    return (
        index.unique and not index.partial and len(index.columns) == len(index.parts) and set(index.columns) == set(key)
    )


def _missing_indexes(store: str, table: Table, live: LiveTable) -> Iterator[Drift]:
    wanted: dict[str, str] = {}
    for link in table.subject:
        if link.columns.keys() <= live.columns.keys() and not any(_serves(i, link) for i in live.indexes):
            by = _normalised(live, *link.columns) if link.is_identifier else ", ".join(map(quoted, link.columns))
            wanted[by] = f"rows are searched by {', '.join(link.columns)}"
    for column in table.people:
        if column in live.columns and not any(_serves_normalised(i, column) for i in live.indexes):
            wanted[_normalised(live, column)] = f"names of people are looked up in {column}"
    if table.kind == "table":
        # A sweep finds what is past its term by the date; views hold nothing of their own.
        for date in dict.fromkeys(rows.term_from for rows in table.termed if rows.term_from):
            if date in live.columns and not any(_serves_dates(i, date) for i in live.indexes):
                wanted.setdefault(quoted(date), f"rows past their term are searched by {date}")
    for by, message in wanted.items():
        statement = f"CREATE INDEX {concurrently(live)}ON {live.name} ({by});"
        text = f"{message} without an index that serves it. Make one: {statement}"
        yield Drift(store, live.name, DriftKind.MISSING_INDEX, text, statement)


def _serves(index: Index, link: Link) -> bool:
    if link.is_identifier:
        return _serves_normalised(index, *link.columns)
    return index.leads_by(link.columns)


def _serves_dates(index: Index, column: str) -> bool:
    """Whether the rows before a date are found through it; a BRIN index serves where rows lie as they came."""
    return not index.partial and index.method in {"btree", "brin"} and index.columns[:1] == (column,)


def _serves_normalised(index: Index, column: str) -> bool:
    """Whether it starts with the normal form of an identifier, in one of the ways in which PostgreSQL prints it."""
    names = {column, '"' + column.replace('"', '""') + '"'}
    printed = {f"lower(btrim({name}{cast}, '{BLANKS}'::text))" for name in names for cast in ("", "::text")}
    return not index.partial and bool(index.parts) and index.parts[0].expression in printed


def _normalised(live: LiveTable, column: str) -> str:
    """The normal form of an identifier (`avgflow.identity.normal`) as the expression of an index."""
    is_text = live.columns[column].type.startswith(("text", "character varying"))
    value = quoted(column) if is_text else f"CAST({quoted(column)} AS text)"
    return f"lower(btrim({value}, {BLANKS_SQL}))"


def concurrently(live: LiveTable) -> str:
    """A word of CREATE INDEX: a store is in use, and only a partitioned table cannot be indexed beside its writers."""
    return "" if live.kind == "partitioned table" else "CONCURRENTLY "
