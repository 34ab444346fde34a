"""What goes into an answer: the catalogued tables of every store, with the person's rows as re-iterable streams.

Values are PostgreSQL's own text output (`column::text`; NULL is None), so that nothing is lost before it is written.
The caller has already left out secret columns and put pseudonyms in the place of other people (art. 15(4)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from avgflow.catalog.models import Table, Text
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError
from avgflow.policy.models import Policy

Language: TypeAlias = Literal["nl", "en"]
Row: TypeAlias = tuple[str | None, tuple[str | None, ...]]
"""Record class (None where the catalog's conditions name none), and one value for each of the table's columns."""


class RowsChanged(AvgflowError):
    """A table's stream gave another number of rows than was announced; an answer must not be made of it."""

    def __init__(self, store: str, table: str, announced: int, given: int) -> None:
        super().__init__(
            f"The collected rows of {store}.{table} changed while the answer was made ({announced} announced, "
            f"{given} read). Collect the request's data again, then make the answer."
        )


@dataclass(frozen=True)
class Redacted:
    """How often values of one column were replaced or left out, and why; never the values."""

    store: str
    table: str
    column: str
    reason: str
    count: int


@dataclass(frozen=True)
class TableContent:
    """One catalogued table with this person's rows (possibly none).

    `name`: as the catalog writes it. `columns`: name and type (as PostgreSQL's `format_type` prints it) of the values
    in each row, secret columns absent. `rows`: opens a new stream over the same `row_count` rows, in the same order.
    """

    name: str
    table: Table
    columns: tuple[tuple[str, str], ...]
    row_count: int
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class StoreContent:
    """One store: its title, and every table that its catalog file names, those without rows included."""

    name: str
    title: Text
    tables: tuple[TableContent, ...]


@dataclass(frozen=True)
class Noted:
    """What the person let us know about rows that stay as they are (art. 16): the right values, each with what it is
    called, or a statement.
    """

    title: Text
    rows: int
    on: date
    right: tuple[tuple[Text, str], ...]
    statement: str | None


@dataclass(frozen=True)
class Limited:
    """What may not be used for the time being (art. 18), since when and why; no kinds: all of the person's."""

    kinds: tuple[Text, ...]
    since: date
    why: Text


@dataclass(frozen=True)
class Answer:
    """Everything that an access request (art. 15) is answered with.

    `shared_mailbox`: rows that hang on an address which more people use were left out.
    """

    number: str
    language: Language
    name: str | None
    received: date
    made_on: date
    policy: Policy
    stores: tuple[StoreContent, ...]
    shared_mailbox: bool = False
    redactions: tuple[Redacted, ...] = ()
    noted: tuple[Noted, ...] = ()
    kept_back: bool = False
    """Rows were left out on UAVG art. 41(1)."""
    limited: tuple[Limited, ...] = ()
    on_behalf_of: str | None = None
    """Whose data they are, where somebody else (`name`) asks."""

    @property
    def row_count(self) -> int:
        """The rows of all tables together; 0 means that nothing was found."""
        return sum(table.row_count for store in self.stores for table in store.tables)


def counted(store: StoreContent, content: TableContent) -> Iterator[Row]:
    """The rows of a table; `RowsChanged` at the end of the stream where their number is not the announced one."""
    given = 0
    for row in content.rows():
        given += 1
        yield row
    if given != content.row_count:
        raise RowsChanged(store.name, content.name, content.row_count, given)


def label_of(content: TableContent, column: str, language: Language) -> str:
    """What a column is called for a person: the catalog's label, else its name in words."""
    return label_in(content.table, column, language)


def label_in(table: Table, column: str, language: Language) -> str:
    """As `label_of`, by the catalog's table alone."""
    spec = table.columns.get(column)
    if spec is not None and spec.label is not None:
        return spec.label.in_(language)
    words = column.replace("_", " ").strip() or column
    return words[:1].upper() + words[1:]


def short_name(store: StoreContent, content: TableContent) -> str:
    """Store and table as a dotted name without quotes and without the schema `public`; for file names."""
    name = TableName.parse(content.name)
    parts = (store.name, name.table) if name.schema == "public" else (store.name, name.schema, name.table)
    return ".".join(parts)
