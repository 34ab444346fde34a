"""Counting whose rows are whose, in two ways that share no SQL: to plan, and to check what was collected.

`by_class` counts through the same selection as collecting does. `afresh` is the check's own: from a JSON document of
the batch, every link of a table in one OR, over arrays instead of joins, with nothing to de-duplicate.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    column,
    false,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB

from avgflow.catalog.names import TableName
from avgflow.identity import Footprint
from avgflow.stores import selection
from avgflow.stores.selection import REQUEST, Form, Target, ways
from avgflow.stores.statement import Composed, typed

ByClass = dict[str, dict[TableName, dict[str | None, int]]]
"""Request -> table -> record class -> rows."""

ByBasis = dict[str, dict[TableName, dict[tuple[str | None, bool], int]]]
"""Request -> table -> record class, and whether the rows rest on consent -> rows."""


def by_class(view: Connection, targets: Iterable[Target], batch: Mapping[str, Footprint]) -> ByClass:
    """Rows of each person of the batch by table and record class; one statement a table."""
    counts: ByClass = defaultdict(lambda: defaultdict(dict))
    for name, (number, record_class, rows) in _grouped(view, targets, batch, selection.record_class):
        counts[number][name][record_class] = rows
    return counts


def by_basis(view: Connection, targets: Sequence[Target], batch: Mapping[str, Footprint]) -> ByBasis:
    """As `by_class`, with rows that rest on consent told apart."""
    counts: ByBasis = defaultdict(lambda: defaultdict(dict))
    told = [target for target in targets if target.table.on_consent is not None]
    for name, (number, record_class, on_consent, rows) in _grouped(view, told, batch, selection.class_with_basis):
        counts[number][name][record_class, on_consent] = rows
    for number, tables in by_class(view, (t for t in targets if t.table.on_consent is None), batch).items():
        for name, classes in tables.items():
            counts[number][name] = {(record_class, False): rows for record_class, rows in classes.items()}
    return counts


def _grouped(
    view: Connection, targets: Iterable[Target], batch: Mapping[str, Footprint], form: Form
) -> Iterator[tuple[TableName, Sequence[Any]]]:
    for target in targets:
        seeds = selection.seeds(target, batch)
        if seeds is not None:
            for counted in composed_by(target, seeds.reached, form).filled(seeds.values).on(view):
                yield target.name, counted


@lru_cache(maxsize=selection.KEPT)
def composed_by(target: Target, reached: tuple[int, ...], form: Form) -> Composed:
    """The statement that counts the rows of one table by request and by the columns of a form."""
    found = selection.select_rows(target, reached, form).subquery()
    by = [found.c[REQUEST], *(found.c[name] for name, _ in form(target))]
    return Composed(select(*by, func.count()).group_by(*by))


def afresh(view: Connection, target: Target, batch: Mapping[str, Footprint]) -> dict[str, int]:
    """Rows of a table for each request of the batch, counted without the selection that collects."""
    document = [
        {
            "r": number,
            **{f"w{i}": sorted(way.values(target, link, footprint)) for i, (way, link) in enumerate(ways(target))},
        }
        for number, footprint in batch.items()
    ]
    types = {
        f"t{i}_{part}": f"{target.type_of(name)}[]"
        for i, (way, _) in enumerate(ways(target))
        if not way.identifier
        for part, name in enumerate(way.columns)
    }
    statement = composed_afresh(target).filled({"batch": json.dumps(document), **types})
    return {number: rows for number, rows in statement.on(view)}  # noqa: C416


@lru_cache(maxsize=selection.KEPT)
def composed_afresh(target: Target) -> Composed:
    """The statement of `afresh`."""
    entries = func.jsonb_array_elements(cast(bindparam("batch", type_=Text), JSONB))
    entry = entries.table_valued(column("e", JSONB)).render_derived()
    counted = _count(target, entry.c.e).lateral()
    return Composed(select(entry.c.e["r"].astext, counted.c.rows).select_from(entry.join(counted, and_(True))))


def _count(target: Target, entry: Any) -> Select[Any]:
    met = []
    for i, (way, _) in enumerate(ways(target)):
        wanted = [_array(entry[f"w{i}"], part) for part in range(len(way.columns))]
        if way.identifier:
            met.append(target.normalised(way.columns[0]) == any_(wanted[0]))
            continue
        parts = [
            target.relation.c[name] == any_(typed(array, f"t{i}_{part}"))
            for part, (name, array) in enumerate(zip(way.columns, wanted, strict=True))
        ]
        if len(parts) > 1:
            parts.append(_as_a_whole(target, way.columns, entry[f"w{i}"]))
        met.append(and_(*parts))
    conditions = [
        and_(condition, *(selection.condition(way))) for condition, (way, _) in zip(met, ways(target), strict=True)
    ]
    return select(func.count().label("rows")).select_from(target.relation).where(or_(false(), *conditions))


def _array(values: Any, part: int) -> Any:
    """One part of every key of a JSON array of keys, as an array of texts."""
    key = func.jsonb_array_elements(values).table_valued(column("k", JSONB)).render_derived()
    return func.array(select(key.c.k[part].astext).scalar_subquery(), type_=ARRAY(Text))


def _as_a_whole(target: Target, columns: tuple[str, ...], values: Any) -> Any:
    """A composite key matches as a whole, not part by part."""
    key = func.jsonb_array_elements(values).table_valued(column("k", JSONB)).render_derived()
    return tuple_(*(target.printed(name) for name in columns)).in_(
        select(*(key.c.k[i].astext for i in range(len(columns))))
    )
