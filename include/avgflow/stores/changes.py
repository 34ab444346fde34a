"""The statements that change rows: deleting, overwriting, emptying, marking by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from psycopg import sql
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal,
    literal_column,
    not_,
    null,
    update,
)
from sqlalchemy import (
    delete as delete_from,
)

from avgflow.catalog.live import ForeignKey, LiveTable
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint, Key
from avgflow.stores import anonymise, selection
from avgflow.stores.selection import KEPT, Target, Way
from avgflow.stores.statement import Composed, typed
from avgflow.stores.survey import Ground, digest_of
from avgflow.stores.transactions import Tally, counters, since

ROUNDS = 5
"""Far more than triggers on history tables that fill other history tables need."""


def put_off(store: Connection, keys: Iterable[ForeignKey]) -> None:
    """Have these foreign keys checked at the end."""
    names = [sql.Identifier(key.table.schema, key.name) for key in keys]
    if names:
        store.exec_driver_sql(sql.SQL("SET CONSTRAINTS {} DEFERRED").format(sql.SQL(", ").join(names)).as_string())


def check_keys(store: Connection) -> None:
    """Have everything checked now that was put off."""
    store.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


def delete(
    store: Connection, ground: Ground, batch: Mapping[str, Footprint], table: TableName, keys: Sequence[Key]
) -> int:
    """Delete rows by key; of a table without one, those of the batch's people whose digest is asked for."""
    return _changed(store, ground, batch, table, keys, ())


def overwrite(
    store: Connection,
    ground: Ground,
    batch: Mapping[str, Footprint],
    table: TableName,
    columns: tuple[str, ...],
    keys: Sequence[Key],
) -> int:
    """Overwrite columns of rows with values that lead nowhere; `CannotAnonymise` where none fits."""
    return _changed(store, ground, batch, table, keys, columns)


def mark(store: Connection, ground: Ground, table: TableName, columns: tuple[str, ...], keys: Sequence[Key]) -> int:
    """Set columns of rows to what the catalog says an objection or a restriction sets; of a table with a key."""
    target = ground.targets[table]
    return composed_mark(target, columns).filled(key_values(target, keys)).change(store) if keys else 0


def unmark(store: Connection, ground: Ground, table: TableName, columns: tuple[str, ...], keys: Sequence[Key]) -> int:
    """Set columns of rows to what the catalog says the end of a restriction sets; of a table with a key."""
    target = ground.targets[table]
    return composed_unmark(target, columns).filled(key_values(target, keys)).change(store) if keys else 0


@lru_cache(maxsize=KEPT)
def composed_mark(target: Target, columns: tuple[str, ...]) -> Composed:
    """The statement of `mark`."""
    return _setting(target, {name: target.table.sets[name] for name in columns})


@lru_cache(maxsize=KEPT)
def composed_unmark(target: Target, columns: tuple[str, ...]) -> Composed:
    """The statement of `unmark`."""
    return _setting(target, {name: target.table.lifts[name] for name in columns})


def _setting(target: Target, given: Mapping[str, str]) -> Composed:
    values: dict[Any, Any] = {target.relation.c[name]: literal_column(f"({value})") for name, value in given.items()}
    return Composed(update(target.relation).values(values).where(by_key(target)))


def empty(store: Connection, ground: Ground, key: ForeignKey, rows: Sequence[Key]) -> int:
    """Empty the pointers of rows."""
    target = ground.targets[key.table]
    return composed_empty(target, key.columns).filled(key_values(target, rows)).change(store) if rows else 0


@lru_cache(maxsize=KEPT)
def composed_empty(target: Target, columns: tuple[str, ...]) -> Composed:
    """The statement of `empty`."""
    statement = update(target.relation).values({target.relation.c[name]: null() for name in columns})
    return Composed(statement.where(by_key(target)))


def _changed(
    store: Connection,
    ground: Ground,
    batch: Mapping[str, Footprint],
    table: TableName,
    keys: Sequence[Key],
    columns: tuple[str, ...],
) -> int:
    target, live = ground.targets[table], ground.places[table].live
    if target.table.key:
        statement = composed_overwrite(target, live, columns) if columns else composed_delete(target)
        return statement.filled(key_values(target, keys)).change(store)
    found = selection.seeds(target, batch)
    changed = 0
    for nth, position in enumerate(found.reached if found else ()):
        assert found is not None
        earlier = found.reached[:nth]
        statement = (
            composed_overwrite_alike(target, live, columns, position, earlier)
            if columns
            else composed_delete_alike(target, position, earlier)
        )
        changed += statement.filled({**found.values, "digests": sorted({key[0] for key in keys})}).change(store)
    return changed


@lru_cache(maxsize=KEPT)
def composed_delete(target: Target) -> Composed:
    """The statement of `delete` for a table with a key."""
    return Composed(delete_from(target.relation).where(by_key(target)))


@lru_cache(maxsize=KEPT)
def composed_delete_alike(target: Target, position: int, earlier: tuple[int, ...]) -> Composed:
    """The statement of `delete` for a table without a key, by one of the ways that lead to its rows."""
    return Composed(delete_from(target.relation).where(alike(target, position, earlier)))


@lru_cache(maxsize=KEPT)
def composed_overwrite(target: Target, live: LiveTable, columns: tuple[str, ...]) -> Composed:
    """The statement of `overwrite` for a table with a key."""
    return Composed(_overwriting(target, live, columns).where(by_key(target)))


@lru_cache(maxsize=KEPT)
def composed_overwrite_alike(
    target: Target, live: LiveTable, columns: tuple[str, ...], position: int, earlier: tuple[int, ...]
) -> Composed:
    """The statement of `overwrite` for a table without a key, by one of the ways that lead to its rows."""
    return Composed(_overwriting(target, live, columns).where(alike(target, position, earlier)))


def _overwriting(target: Target, live: LiveTable, columns: tuple[str, ...]) -> Update:
    values = {target.relation.c[name]: anonymise.value(target, live, name) for name in columns}
    return update(target.relation).values(values)


def alike(target: Target, position: int, earlier: tuple[int, ...]) -> ColumnElement[bool]:
    """Whether a row is the person's by this way and its digest is asked for; `earlier`: ways that were taken before."""
    return and_(
        _of_way(target, position),
        # A row that an earlier way led to is overwritten already, and may look as it did.
        *(_not_of_way(target, other) for other in earlier),
        digest_of(target) == any_(bindparam("digests", type_=ARRAY(Text))),
    )


def by_key(target: Target, columns: Sequence[str] = ()) -> ColumnElement[bool]:
    """The condition that a row has one of the keys (or of the values in `columns`) that `key_values` gives."""
    names = columns or target.table.key
    parts = range(len(names))
    given = (
        func.unnest(*(bindparam(f"k{part}", type_=ARRAY(Text)) for part in parts))
        .table_valued(*(column(f"k{part}", Text) for part in parts))
        .render_derived()
    )
    return and_(*(target.relation.c[name] == typed(given.c[f"k{part}"], f"t{part}") for part, name in enumerate(names)))


def key_values(target: Target, keys: Sequence[Key], columns: Sequence[str] = ()) -> dict[str, Any]:
    """The parameters of `by_key`."""
    names = columns or target.table.key
    values: dict[str, Any] = {f"k{part}": [key[part] for key in keys] for part in range(len(names))}
    return values | {f"t{part}": target.type_of(name) for part, name in enumerate(names)}


def _of_way(target: Target, position: int) -> ColumnElement[bool]:
    way: Way = selection.ways(target)[position][0]
    return and_(selection.joined(target, way, selection.seed(way, position)), *selection.condition(way))


def _not_of_way(target: Target, position: int) -> ColumnElement[bool]:
    way: Way = selection.ways(target)[position][0]
    given = selection.seed(way, position).alias()
    there = exists().where(selection.joined(target, way, given)).correlate(target.relation)
    return not_(and_(*(func.coalesce(only, literal(False)) for only in selection.condition(way)), there))


_OWN: ColumnElement[bool] = literal_column("age(xmin) <= age(pg_current_xact_id()::xid)")
"""Rows that this transaction wrote: in its snapshot nothing younger than itself is anybody else's."""


def remove_history(
    store: Connection, ground: Ground, batch: Mapping[str, Footprint], before: Mapping[TableName, Tally]
) -> dict[TableName, int]:
    """Delete what triggers wrote into history tables because of this erasure; rows by table.

    A history table is told by the catalog. The person's rows are found through an index; what is left after that (the
    history of a row of somebody else whose pointer was emptied) by looking at the whole table.
    """
    removed: dict[TableName, int] = {}
    for _ in range(ROUNDS):
        fresh = {
            table: tally.inserted - removed.get(table, 0)
            for table, tally in since(before, counters(store)).items()
            if table in ground.targets and ground.targets[table].table.history
        }
        fresh = {table: rows for table, rows in fresh.items() if rows > 0}
        if not fresh:
            break
        for table, rows in fresh.items():
            found = _remove_own(store, ground.targets[table], batch)
            if found < rows:
                found += composed_own(ground.targets[table], None).filled({}).change(store)
            removed[table] = removed.get(table, 0) + found
    return removed


def _remove_own(store: Connection, target: Target, batch: Mapping[str, Footprint]) -> int:
    found = selection.seeds(target, batch)
    if found is None:
        return 0
    return sum(composed_own(target, position).filled(found.values).change(store) for position in found.reached)


@lru_cache(maxsize=KEPT)
def composed_own(target: Target, position: int | None) -> Composed:
    """The statement of `remove_history`, by one of the ways that lead to a person's rows or by none."""
    statement = delete_from(target.relation).where(_OWN)
    return Composed(statement if position is None else statement.where(_of_way(target, position)))


def refresh(store: Connection, name: TableName, *, concurrently: bool) -> None:
    """Make a materialised view anew; without keeping its readers out where it has a unique index."""
    how = sql.SQL("CONCURRENTLY ") if concurrently else sql.SQL("")
    relation = sql.Identifier(name.schema, name.table)
    store.exec_driver_sql(sql.SQL("REFRESH MATERIALIZED VIEW {}{}").format(how, relation).as_string())
