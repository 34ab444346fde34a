"""The catalog against a store itself: its live schema, and its conditions, which only the database can judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, Connection, Select, literal_column, select, table, union_all
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import quoted_name

from avgflow.catalog import keys, live
from avgflow.catalog.drift import Drift, DriftKind, drift
from avgflow.catalog.live import LiveSchema
from avgflow.catalog.models import Store, Table
from avgflow.catalog.names import TableName
from avgflow.dialect import COMPOSING

Condition = tuple[TableName, str]
"""SQL text over a table."""


@dataclass(frozen=True)
class Checked:
    """A store's live schema and where the catalog parts from it."""

    live: LiveSchema
    drifts: tuple[Drift, ...]


def check(connection: Connection, store: Store) -> Checked:
    """Compare one store, in three round trips where nothing is wrong; the connection is in a transaction."""
    schema = live.structure(connection)
    found = drift(store, schema)
    return Checked(schema, (*found, *rejected(connection, store, schema)))


def check_whole(connection: Connection, store: Store) -> Checked:
    """`check`, and advice on each foreign key without an index; for people, for it takes PostgreSQL twice as long."""
    found = check(connection, store)
    schema = live.keyed(connection, found.live)
    return Checked(schema, (*found.drifts, *keys.missing(store, schema)))


def rejected(connection: Connection, store: Store, schema: LiveSchema) -> tuple[Drift, ...]:
    """The conditions (`when`, `running`, `on_consent`) and values (`erase_to`, `set`, `sweep`) that are refused.

    No row is read.
    """
    conditions = list(_conditions(store, schema))
    if not conditions or _refusal(connection, conditions) is None:
        return ()
    faults = []
    for name, when in conditions:
        refusal = _refusal(connection, [(name, when)])
        if refusal is not None:
            message = f"the database does not accept `{when}` ({refusal}). Correct it in the catalog."
            faults.append(Drift(store.store, name, DriftKind.REJECTED_CONDITION, message))
    return tuple(faults)


def _conditions(store: Store, schema: LiveSchema) -> Iterator[Condition]:
    for name, spec in store.tables.items():
        if name in schema.tables:
            for when in dict.fromkeys(_whens(spec)):
                yield name, when


def _whens(spec: Table) -> Iterator[str]:
    whens = (*(link.when for link in spec.subject), *(rows.when for rows in spec.classes), spec.running)
    for when in (*whens, spec.on_consent):
        if when is not None:
            yield when
    for column in spec.columns.values():
        if column.erase_to is not None:
            # Asked as a condition, so that it is judged without reading a row.
            yield f"({column.erase_to}) IS NULL"
    for mark in spec.marks:
        yield mark.when
    for rows in spec.lapses:
        if rows.when is not None:
            yield rows.when
    yield from (f"({value}) IS NULL" for rows in spec.termed for value in rows.sweep.values())
    yield from (f"({value}) IS NULL" for value in (*spec.sets.values(), *spec.lifts.values()))


@lru_cache(maxsize=256)
def _probe(conditions: tuple[Condition, ...]) -> str:
    """As SQL for the driver: it depends on the catalog alone, and composing it takes longer than asking it."""
    probes = [_select(name, when) for name, when in conditions]
    return str((union_all(*probes) if len(probes) > 1 else probes[0]).compile(dialect=COMPOSING))


def _select(name: TableName, when: str) -> Select[Any]:
    relation = table(quoted_name(name.table, quote=True), schema=quoted_name(name.schema, quote=True))
    return (
        select(literal_column("1"))
        .select_from(relation)
        .where(literal_column(f"({when})", Boolean))
        .limit(literal_column("0"))
    )


def _refusal(connection: Connection, conditions: Sequence[Condition]) -> str | None:
    """The database's own words; safe to repeat, for no row was read and the condition is the catalog's."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(_probe(tuple(conditions)))
    except DBAPIError as error:
        words = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        if words is None:
            raise
        return str(words)
    return None
