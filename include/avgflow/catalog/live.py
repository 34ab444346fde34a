"""The schema that a store's database really has, read from `pg_catalog` in one to three round trips.

Everything that can hold rows is read: tables, partitioned tables (their partitions belong to them), views,
materialised views and foreign tables of every schema but PostgreSQL's own. What is left out, the catalog leaves out
by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from avgflow.catalog.names import TableName

Kind = Literal["table", "partitioned table", "view", "materialized view", "foreign table"]
_KINDS: Mapping[str, Kind] = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}


@dataclass(frozen=True)
class LiveColumn:
    """A column; `type` as PostgreSQL prints it (`character varying(40)`, `timestamp with time zone`, `text[]`)."""

    name: str
    type: str
    nullable: bool
    generated: bool
    """Computed by the database from other columns, or numbered by it always: cannot be written."""


@dataclass(frozen=True)
class IndexPart:
    """One place in an index: a column, or an expression as PostgreSQL prints it."""

    column: str | None
    expression: str | None


@dataclass(frozen=True)
class Index:
    """An index that PostgreSQL may use now; a partial one serves only rows that fulfil its condition."""

    name: str
    method: str
    unique: bool
    partial: bool
    parts: tuple[IndexPart, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Its leading plain columns, up to the first expression."""
        found: list[str] = []
        for part in self.parts:
            if part.column is None:
                break
            found.append(part.column)
        return tuple(found)

    def leads_by(self, columns: Collection[str]) -> bool:
        """Whether every row that has some values in these columns is found through it."""
        first = set(self.columns[: len(columns)])
        return not self.partial and self.method in {"btree", "hash"} and first == set(columns)


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key from `columns` to `target_columns` of `target`, pairwise; `on_delete` as SQL writes it."""

    table: TableName

    name: str
    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    on_delete: str
    deferrable: bool = False


@dataclass(frozen=True)
class LiveTable:
    """One table, view or materialised view as the database has it."""

    name: TableName
    kind: Kind
    columns: Mapping[str, LiveColumn]
    primary_key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()

    def __hash__(self) -> int:
        # Statements are kept by it; equality compares all.
        return hash(self.name)

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, as PostgreSQL prints it."""
        return {name: column.type for name, column in self.columns.items()}


@dataclass(frozen=True)
class LiveSchema:
    """Everything in one database that can hold rows."""

    tables: Mapping[TableName, LiveTable]

    @property
    def types(self) -> dict[TableName, dict[str, str]]:
        """The column types of every table."""
        return {name: table.types for name, table in self.tables.items()}


# The relations that count, for each of the queries: no system schema, no temporary table, no partition.
_RELATIONS = """
    SELECT c.oid, n.nspname, c.relname, c.relkind
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND left(n.nspname, 8) NOT IN ('pg_toast', 'pg_temp_')
"""


def _columns_of(numbers: str, relation: str, which: str = "true") -> str:
    """The names of a relation's columns by their numbers, in the order of these; NULL for an expression, number 0."""
    return f"""ARRAY(SELECT a.attname::text FROM unnest({numbers}) WITH ORDINALITY k (attnum, place)
                 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = {relation} AND a.attnum = k.attnum AND k.attnum > 0
                 WHERE {which} ORDER BY k.place)"""  # noqa: S608 (constants)


# A table without columns is a table too, hence the outer join.
_COLUMNS = f"""
    SELECT r.nspname, r.relname, r.relkind::text, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
           NOT a.attnotnull, a.attgenerated <> '' OR a.attidentity = 'a'
    FROM ({_RELATIONS}) r
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY r.nspname, r.relname, a.attnum
"""  # noqa: S608 (constants)

# The names of columns are subselects, for planning one join of eight tables takes PostgreSQL five times as long as all.
_INDEXES = f"""
    SELECT r.nspname, r.relname, ic.relname, am.amname, i.indisprimary, i.indisunique, i.indpred IS NOT NULL,
           {_columns_of("i.indkey::smallint[]", "i.indrelid", "k.place <= i.indnkeyatts")},
           ARRAY(SELECT CASE WHEN k.attnum = 0
                             THEN pg_catalog.pg_get_indexdef(i.indexrelid, k.place::integer, true) END
                 FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, place)
                 WHERE k.place <= i.indnkeyatts ORDER BY k.place)
    FROM ({_RELATIONS}) r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid AND i.indisvalid AND i.indisready
    JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_catalog.pg_am am ON am.oid = ic.relam
    ORDER BY r.nspname, r.relname, ic.relname
"""  # noqa: S608 (constants)

_FOREIGN_KEYS = f"""
    SELECT r.nspname, r.relname, o.conname, t.nspname, t.relname, o.confdeltype::text, o.condeferrable,
           {_columns_of("o.conkey", "o.conrelid")}, {_columns_of("o.confkey", "o.confrelid")}
    FROM ({_RELATIONS}) r
    JOIN pg_catalog.pg_constraint o ON o.conrelid = r.oid AND o.contype = 'f' AND o.conparentid = 0
    JOIN ({_RELATIONS}) t ON t.oid = o.confrelid
    ORDER BY r.nspname, r.relname, o.conname
"""  # noqa: S608 (constants)

_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def types(connection: Connection) -> dict[TableName, dict[str, str]]:
    """The column types of every table, and nothing else; in one round trip."""
    return {name: {column.name: column.type for column in found} for name, (_, found) in _columns(connection).items()}


def structure(connection: Connection) -> LiveSchema:
    """Tables, columns, keys and indexes, without the foreign keys, a third of the time, which few need."""
    indexes: dict[TableName, list[Index]] = defaultdict(list)
    keys: dict[TableName, tuple[str, ...]] = {}
    for schema, table, index, method, primary, unique, partial, parts, expressions in connection.exec_driver_sql(
        _INDEXES
    ):
        name = TableName(schema, table)
        indexes[name].append(Index(index, method, unique, partial, _parts(parts, expressions)))
        if primary:
            keys[name] = tuple(parts)
    return LiveSchema(
        {
            name: LiveTable(
                name, kind, {column.name: column for column in found}, keys.get(name, ()), tuple(indexes[name])
            )
            for name, (kind, found) in _columns(connection).items()
        }
    )


def read(connection: Connection) -> LiveSchema:
    """The live schema of a store; the connection's errors are the caller's (see `avgflow.stores.session.reading`)."""
    return keyed(connection, structure(connection))


def keyed(connection: Connection, found: LiveSchema) -> LiveSchema:
    """A structure with its foreign keys."""
    foreign: dict[TableName, list[ForeignKey]] = defaultdict(list)
    for row in connection.exec_driver_sql(_FOREIGN_KEYS):
        schema, table, key, other_schema, other, on_delete, deferrable, parts, targets = row
        name, target = TableName(schema, table), TableName(other_schema, other)
        foreign[name].append(
            ForeignKey(name, key, tuple(parts), target, tuple(targets), _ON_DELETE[on_delete], deferrable)
        )
    return LiveSchema({name: replace(table, foreign_keys=tuple(foreign[name])) for name, table in found.tables.items()})


def _columns(connection: Connection) -> dict[TableName, tuple[Kind, list[LiveColumn]]]:
    found: dict[TableName, tuple[Kind, list[LiveColumn]]] = {}
    for schema, table, kind, column, type_, nullable, generated in connection.exec_driver_sql(_COLUMNS):
        _, columns = found.setdefault(TableName(schema, table), (_KINDS[kind], []))
        if column is not None:
            columns.append(LiveColumn(column, type_, nullable, generated))
    return found


def _parts(columns: Iterable[str | None], expressions: Iterable[str | None]) -> tuple[IndexPart, ...]:
    return tuple(IndexPart(column, expression) for column, expression in zip(columns, expressions, strict=True))
