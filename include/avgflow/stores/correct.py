"""Putting right values in the place of wrong ones (AVG art. 16), and looking whether they stand there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, bindparam, func, select, update

from avgflow.catalog.names import TableName
from avgflow.identity import Footprint, Key, normal
from avgflow.stores import changes, selection
from avgflow.stores.selection import KEPT, Target
from avgflow.stores.statement import Composed, typed
from avgflow.stores.survey import Ground

Values = tuple[tuple[str, str], ...]
"""Columns with the right value of each, as text."""


def correct(
    store: Connection,
    ground: Ground,
    batch: Mapping[str, Footprint],
    table: TableName,
    values: Values,
    keys: Sequence[Key],
) -> int:
    """Put the values into rows by key; of a table without one, into the batch's rows whose digest is asked for."""
    target, columns = ground.targets[table], tuple(name for name, _ in values)
    right = _given(target, values)
    if target.table.key:
        return composed_correct(target, columns).filled({**changes.key_values(target, keys), **right}).change(store)
    found = selection.seeds(target, batch)
    corrected = 0
    for nth, position in enumerate(found.reached if found else ()):
        assert found is not None
        statement = composed_correct_alike(target, columns, position, found.reached[:nth])
        asked = {**found.values, **right, "digests": sorted({key[0] for key in keys})}
        corrected += statement.filled(asked).change(store)
    return corrected


def wrong(view: Connection, target: Target, values: Values, keys: Sequence[Key]) -> int:
    """How many of these rows of a table with a key do not hold the values, or are not there."""
    if not keys:
        return 0
    columns = tuple(name for name, _ in values)
    statement = composed_right(target, columns).filled({**changes.key_values(target, keys), **_given(target, values)})
    return len(set(keys)) - int(next(iter(statement.on(view)))[0])


def holders(view: Connection, target: Target, column: str, value: str) -> list[Key]:
    """The keys of the rows whose identifier in this column is the value."""
    statement = composed_holders(target, column).filled({"value": normal(value)})
    return [tuple(key) for (key,) in statement.on(view)]


@lru_cache(maxsize=KEPT)
def composed_correct(target: Target, columns: tuple[str, ...]) -> Composed:
    """The statement of `correct` for a table with a key."""
    return Composed(update(target.relation).values(_set(target, columns)).where(changes.by_key(target)))


@lru_cache(maxsize=KEPT)
def composed_correct_alike(
    target: Target, columns: tuple[str, ...], position: int, earlier: tuple[int, ...]
) -> Composed:
    """The statement of `correct` for a table without a key, by one of the ways that lead to its rows."""
    met = changes.alike(target, position, earlier)
    return Composed(update(target.relation).values(_set(target, columns)).where(met))


@lru_cache(maxsize=KEPT)
def composed_right(target: Target, columns: tuple[str, ...]) -> Composed:
    """How many of the given rows hold the right values."""
    right = (target.relation.c[name] == value for name, value in _values(columns))
    return Composed(select(func.count()).select_from(target.relation).where(changes.by_key(target), *right))


@lru_cache(maxsize=KEPT)
def composed_holders(target: Target, column: str) -> Composed:
    """The statement of `holders`."""
    key = func.jsonb_build_array(*(target.printed(name) for name in target.table.key))
    return Composed(select(key).where(target.normalised(column) == bindparam("value", type_=Text)))


def _set(target: Target, columns: Sequence[str]) -> dict[Any, Any]:
    return {target.relation.c[name]: value for name, value in _values(columns)}


def _values(columns: Sequence[str]) -> list[tuple[str, ColumnElement[Any]]]:
    return [(name, typed(bindparam(f"n{i}", type_=Text), f"nt{i}")) for i, name in enumerate(columns)]


def _given(target: Target, values: Values) -> dict[str, Any]:
    return {
        **{f"n{i}": value for i, (_, value) in enumerate(values)},
        **{f"nt{i}": target.type_of(name) for i, (name, _) in enumerate(values)},
    }
