"""Names of tables and columns as the catalog writes them, with PostgreSQL's own quoting rules.

`public."order"` is a table, `crm.public.contact.contact_id` a column of a store. A part in double quotes may
hold anything (a doubled quote is one quote); other parts are letters, digits, `_` and `$`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_PART = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


def split(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted name; `ValueError` where it is not one."""
    parts: list[str] = []
    at = 0
    while True:
        match = _PART.match(dotted, at)
        if match is None:
            raise ValueError(f"'{dotted}' is not a name: write schema.table, with double quotes where SQL needs them")
        parts.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        at = match.end()
        if at == len(dotted):
            return tuple(parts)
        if dotted[at] != ".":
            raise ValueError(f"'{dotted}' is not a name: a dot was expected at position {at + 1}")
        at += 1


def quoted(part: str) -> str:
    """One part as SQL and the catalog write it: in double quotes unless it is plain lower case and no reserved word."""
    plain = _PLAIN.fullmatch(part) and part not in RESERVED_WORDS
    return part if plain else '"' + part.replace('"', '""') + '"'


@dataclass(frozen=True, order=True)
class TableName:
    """A table of one store: schema and name, unquoted."""

    schema: str
    table: str

    @classmethod
    def parse(cls, dotted: str) -> TableName:
        parts = split(dotted)
        if len(parts) != 2:
            raise ValueError(f"'{dotted}' is not a table: write schema.table")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.table)}"


@dataclass(frozen=True, order=True)
class ColumnName:
    """A column of a table of a store."""

    store: str
    table: TableName
    column: str

    @classmethod
    def parse(cls, dotted: str) -> ColumnName:
        parts = split(dotted)
        if len(parts) != 4:
            raise ValueError(f"'{dotted}' is not a column: write store.schema.table.column")
        return cls(parts[0], TableName(parts[1], parts[2]), parts[3])

    def __str__(self) -> str:
        return f"{quoted(self.store)}.{self.table}.{quoted(self.column)}"
