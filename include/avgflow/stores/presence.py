"""Looking for rows after an erasure: by key, by what overwritten columns hold, by pointers, and in free text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Text,
    any_,
    bindparam,
    cast,
    false,
    func,
    or_,
    select,
)

from avgflow.catalog.live import ForeignKey
from avgflow.identity import Footprint, Key
from avgflow.stores import changes, selection
from avgflow.stores.selection import Target
from avgflow.stores.statement import Composed
from avgflow.stores.survey import Ground, digest_of

SHORTEST = 5
"""Characters: a shorter identifier is found in texts about anything."""


def present(view: Connection, target: Target, person: Footprint, keys: Sequence[Key]) -> int:
    """How many of these rows are there; of a table without a key the person's rows with these digests."""
    if not keys:
        return 0
    if target.table.key:
        values, condition = changes.by_key(target, keys)
        return _count(view, select(func.count()).select_from(target.relation).where(condition), values)
    there = Counter(digest for (digest,) in _digests(view, target, person))
    wanted = Counter(key[0] for key in keys)
    return (there & wanted).total()


def filled(
    view: Connection,
    target: Target,
    ground: Ground,
    person: Footprint,
    columns: Sequence[str],
    keys: Sequence[Key],
) -> int:
    """In how many of these rows an overwritten column holds what it must not: a value where it was to be empty, or an
    identifier of the person.
    """
    if not target.table.key:
        return 0
    held = or_(_not_empty(target, ground, columns), *_identifying(target, person, columns))
    values, condition = changes.by_key(target, keys)
    statement = select(func.count()).select_from(target.relation).where(condition, held)
    return _count(view, statement, {**values, **_identifiers(person)})


def not_empty(
    view: Connection, target: Target, ground: Ground, columns: Sequence[str], keys: Sequence[Key]
) -> set[Key]:
    """Which of these rows hold something in a column that an erasure had emptied."""
    values, condition = changes.by_key(target, keys)
    found = select(func.jsonb_build_array(*(target.printed(name) for name in target.table.key))).where(
        condition, _not_empty(target, ground, columns)
    )
    return {tuple(key) for (key,) in Composed(found).filled(values).on(view)}


def identified(view: Connection, target: Target, person: Footprint) -> int:
    """How many rows of a table or view hold an identifier of the person."""
    met = _identifying(target, person, list(target.table.columns))
    if not met:
        return 0
    return _count(view, select(func.count()).select_from(target.relation).where(or_(*met)), _identifiers(person))


def dangling(view: Connection, ground: Ground, key: ForeignKey, gone: Sequence[Key]) -> int:
    """How many rows point to one of these rows, which are gone, by a foreign key."""
    parent, child = ground.targets[key.target], ground.targets[key.table]
    if set(key.target_columns) != set(parent.table.key) or not gone:
        return 0
    order = [parent.table.key.index(name) for name in key.target_columns]
    values, condition = changes.by_key(child, [tuple(row[i] for i in order) for row in gone], key.columns)
    return _count(view, select(func.count()).select_from(child.relation).where(condition), values)


def mentions(
    view: Connection, targets: Sequence[Target], person: Footprint, own: Mapping[Any, set[Key]]
) -> dict[tuple[Target, str], list[Key]]:
    """Rows whose free text holds an identifier of the person, by column; `own`: the rows that the person keeps, by
    table, which are left out. Reads every row: no index helps a search within texts.
    """
    words = sorted({value for found in person.identifiers.values() for value in found if len(value) >= SHORTEST})
    hits: dict[tuple[Target, str], list[Key]] = {}
    for target in targets:
        texts = [name for name, spec in target.table.columns.items() if spec.free_text and not spec.third_party]
        if not words or not texts or target.table.kind == "view":
            continue
        holds = {name: _holds(target, name, len(words)) for name in texts}
        statement = select(
            func.jsonb_build_array(*(target.printed(name) for name in target.table.key)),
            *(held.label(f"h{i}") for i, held in enumerate(holds.values())),
        ).where(or_(*holds.values()))
        values = {f"w{i}": word for i, word in enumerate(words)}
        for key, *held in Composed(statement).filled(values).on(view):
            if tuple(key) in own.get(target.name, set()):
                continue
            for name, is_held in zip(texts, held, strict=True):
                if is_held:
                    hits.setdefault((target, name), []).append(tuple(key))
    return hits


def _holds(target: Target, name: str, words: int) -> ColumnElement[bool]:
    text = func.lower(cast(target.relation.c[name], Text))
    return func.coalesce(or_(*(func.strpos(text, bindparam(f"w{i}", type_=Text)) > 0 for i in range(words))), False)


def _not_empty(target: Target, ground: Ground, columns: Sequence[str]) -> ColumnElement[bool]:
    live = ground.places[target.name].live
    emptied = (name for name in columns if live.columns[name].nullable and target.table.columns[name].erase_to is None)
    return or_(false(), *(target.relation.c[name].is_not(None) for name in emptied))


def _identifying(target: Target, person: Footprint, columns: Sequence[str]) -> list[ColumnElement[bool]]:
    kinds = {name: target.table.columns[name].identifier for name in columns}
    return [
        target.normalised(name) == any_(bindparam(f"i_{kind}", type_=ARRAY(Text)))
        for name, kind in kinds.items()
        if kind and person.identifiers.get(kind)
    ]


def _identifiers(person: Footprint) -> dict[str, list[str]]:
    return {f"i_{kind}": sorted(found) for kind, found in person.identifiers.items()}


def _digests(view: Connection, target: Target, person: Footprint) -> Sequence[Any]:
    statement = selection.rows(target, {"": person}, AsDigest())
    return [] if statement is None else [row[1:] for row in statement.on(view)]


class AsDigest:
    """A form: the digest of a row."""

    def __call__(self, target: Target) -> selection.Columns:
        return [("__digest", digest_of(target))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsDigest)

    def __hash__(self) -> int:
        return hash(AsDigest)


def _count(view: Connection, statement: Any, values: Mapping[str, Any]) -> int:
    return int(next(iter(Composed(statement).filled(values).on(view)))[0])
