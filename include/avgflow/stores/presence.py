"""Looking for rows after an erasure: by key, by what overwritten columns hold, by pointers, and in free text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Text,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from avgflow.catalog.live import ForeignKey
from avgflow.catalog.marks import Mark
from avgflow.identity import Footprint, Key
from avgflow.stores import changes, selection
from avgflow.stores.selection import KEPT, Target
from avgflow.stores.statement import Composed
from avgflow.stores.survey import Ground, digest_of

SHORTEST = 5
"""Characters: a shorter identifier is found in texts about anything."""


def present(view: Connection, target: Target, person: Footprint, keys: Sequence[Key]) -> int:
    """How many of these rows are there; of a table without a key the person's rows with these digests."""
    if not keys:
        return 0
    if target.table.key:
        return _count(view, composed_present(target), changes.key_values(target, keys))
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
    statement = composed_filled(target, _emptied(target, ground, columns), _identifying(target, person, columns))
    return _count(view, statement, {**changes.key_values(target, keys), **_identifiers(person)})


def not_empty(
    view: Connection, target: Target, ground: Ground, columns: Sequence[str], keys: Sequence[Key]
) -> set[Key]:
    """Which of these rows hold something in a column that an erasure had emptied."""
    statement = composed_not_empty(target, _emptied(target, ground, columns))
    return {tuple(key) for (key,) in statement.filled(changes.key_values(target, keys)).on(view)}


def unmarked(view: Connection, target: Target, columns: Sequence[str], keys: Sequence[Key]) -> int:
    """In how many of these rows a mark that sets these columns is still to be set."""
    whens = tuple(mark.when for mark in target.table.marks if mark.set.keys() <= set(columns))
    return _count(view, composed_unmarked(target, whens), changes.key_values(target, keys)) if whens and keys else 0


def marked(view: Connection, target: Target, mark: Mark, keys: Sequence[Key]) -> list[Key]:
    """The keys of those of these rows in which a mark is set."""
    if not keys:
        return []
    statement = composed_marked(target, mark.when).filled(changes.key_values(target, keys))
    return sorted(tuple(key) for (key,) in statement.on(view))


def identified(view: Connection, target: Target, person: Footprint) -> int:
    """How many rows of a table or view hold an identifier of the person."""
    met = _identifying(target, person, list(target.table.columns))
    return _count(view, composed_identified(target, met), _identifiers(person)) if met else 0


def dangling(view: Connection, ground: Ground, key: ForeignKey, gone: Sequence[Key]) -> int:
    """How many rows point to one of these rows, which are gone, by a foreign key."""
    parent, child = ground.targets[key.target], ground.targets[key.table]
    if set(key.target_columns) != set(parent.table.key) or not gone:
        return 0
    order = [parent.table.key.index(name) for name in key.target_columns]
    values = changes.key_values(child, [tuple(row[i] for i in order) for row in gone], key.columns)
    return _count(view, composed_present(child, key.columns), values)


def mentions(
    view: Connection, targets: Sequence[Target], person: Footprint, own: Mapping[Any, set[Key]]
) -> dict[tuple[Target, str], list[Key]]:
    """Rows whose free text holds an identifier of the person, by column; `own`: the rows that the person keeps, by
    table, which are left out. Reads every row: no index helps a search within texts.
    """
    words = sorted({value for found in person.identifiers.values() for value in found if len(value) >= SHORTEST})
    hits: dict[tuple[Target, str], list[Key]] = {}
    for target in targets:
        texts = texts_of(target)
        if not words or not texts or target.table.kind == "view":
            continue
        values = {f"w{i}": word for i, word in enumerate(words)}
        for key, *held in composed_mentions(target, len(words)).filled(values).on(view):
            if tuple(key) in own.get(target.name, set()):
                continue
            for name, is_held in zip(texts, held, strict=True):
                if is_held:
                    hits.setdefault((target, name), []).append(tuple(key))
    return hits


def texts_of(target: Target) -> tuple[str, ...]:
    """The columns in which a person can be named who is not tied to the row."""
    return tuple(name for name, spec in target.table.columns.items() if spec.free_text and not spec.third_party)


def _emptied(target: Target, ground: Ground, columns: Sequence[str]) -> tuple[str, ...]:
    """Which of these columns an erasure leaves without a value."""
    live = ground.places[target.name].live
    return tuple(n for n in columns if live.columns[n].nullable and target.table.columns[n].erase_to is None)


def _identifying(target: Target, person: Footprint, columns: Sequence[str]) -> tuple[str, ...]:
    """Which of these columns can hold an identifier that the person has."""
    kinds = ((name, target.table.columns[name].identifier) for name in columns)
    return tuple(name for name, kind in kinds if kind and person.identifiers.get(kind))


@lru_cache(maxsize=KEPT)
def composed_present(target: Target, columns: tuple[str, ...] = ()) -> Composed:
    """How many rows have one of the given keys, or values in these columns."""
    return Composed(select(func.count()).select_from(target.relation).where(changes.by_key(target, columns)))


@lru_cache(maxsize=KEPT)
def composed_unmarked(target: Target, whens: tuple[str, ...]) -> Composed:
    """The statement of `unmarked`."""
    open_ = or_(*(literal_column(f"({when})", Boolean) for when in whens))
    return Composed(select(func.count()).select_from(target.relation).where(changes.by_key(target), open_))


@lru_cache(maxsize=KEPT)
def composed_marked(target: Target, when: str) -> Composed:
    """The statement of `marked`."""
    key = func.jsonb_build_array(*(target.printed(name) for name in target.table.key))
    open_ = func.coalesce(literal_column(f"({when})", Boolean), false())
    return Composed(select(key).select_from(target.relation).where(changes.by_key(target), not_(open_)))


@lru_cache(maxsize=KEPT)
def composed_filled(target: Target, emptied: tuple[str, ...], identifying: tuple[str, ...]) -> Composed:
    """The statement of `filled`."""
    held = or_(_not_null(target, emptied), *_held(target, identifying))
    return Composed(select(func.count()).select_from(target.relation).where(changes.by_key(target), held))


@lru_cache(maxsize=KEPT)
def composed_not_empty(target: Target, emptied: tuple[str, ...]) -> Composed:
    """The statement of `not_empty`."""
    key = func.jsonb_build_array(*(target.printed(name) for name in target.table.key))
    return Composed(select(key).where(changes.by_key(target), _not_null(target, emptied)))


@lru_cache(maxsize=KEPT)
def composed_identified(target: Target, identifying: tuple[str, ...]) -> Composed:
    """The statement of `identified`."""
    return Composed(select(func.count()).select_from(target.relation).where(or_(*_held(target, identifying))))


@lru_cache(maxsize=KEPT)
def composed_mentions(target: Target, words: int) -> Composed:
    """The statement of `mentions` for one table and so many words."""
    holds = [_holds(target, name, words) for name in texts_of(target)]
    return Composed(
        select(
            func.jsonb_build_array(*(target.printed(name) for name in target.table.key)),
            *(held.label(f"h{i}") for i, held in enumerate(holds)),
        ).where(or_(*holds))
    )


def _holds(target: Target, name: str, words: int) -> ColumnElement[bool]:
    text = func.lower(cast(target.relation.c[name], Text))
    return func.coalesce(or_(*(func.strpos(text, bindparam(f"w{i}", type_=Text)) > 0 for i in range(words))), False)


def _not_null(target: Target, columns: Sequence[str]) -> ColumnElement[bool]:
    return or_(false(), *(target.relation.c[name].is_not(None) for name in columns))


def _held(target: Target, columns: Sequence[str]) -> list[ColumnElement[bool]]:
    kinds = ((name, target.table.columns[name].identifier) for name in columns)
    return [target.normalised(name) == any_(bindparam(f"i_{kind}", type_=ARRAY(Text))) for name, kind in kinds]


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


def _count(view: Connection, statement: Composed, values: Mapping[str, Any]) -> int:
    return int(next(iter(statement.filled(values).on(view)))[0])
