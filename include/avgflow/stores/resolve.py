"""From the identifiers a person gives to everything their rows hang on, in all stores, to a fixpoint.

Rows of a table of persons lead on by the identifiers they hold (an old e-mail address that one store still has) and by
their keys; rows of other tables that something refers to lead on by the referenced columns only, for an order may well
name somebody else's e-mail address.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog.models import Catalog
from avgflow.catalog.names import ColumnName
from avgflow.identity import (
    Candidate,
    Doubt,
    Footprint,
    Key,
    PersonRow,
    Place,
    SubjectTooWide,
    ambiguous,
    candidates,
    key_of,
    normal,
)
from avgflow.stores import selection
from avgflow.stores.selection import AsArray, Target

MOST_PEOPLE = 25
"""An identifier that leads to more people than this identifies nobody."""


@dataclass(frozen=True)
class Start:
    """What a search begins with: given identifiers, and, where a human said who is meant, whose rows and not by
    what.
    """

    identifiers: Mapping[str, frozenset[str]]
    chosen: Mapping[Place, frozenset[Key]] | None = None
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def given(cls, identifiers: Mapping[str, str]) -> Start:
        """The identifiers of an intake, in normal form; blank ones are left out."""
        normalised = {kind: normal(value) for kind, value in identifiers.items()}
        return cls({kind: frozenset({value}) for kind, value in normalised.items() if value})

    def to_json(self) -> dict[str, Any]:
        """A JSON form; it holds personal data and is kept sealed."""
        return Footprint(self.identifiers, {}, self.chosen, self.shared).to_json()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Start:
        """The inverse of `to_json`."""
        start = Footprint.from_json(data)
        return cls(start.identifiers, start.chosen, start.shared)

    def choosing(self, people: tuple[Candidate, ...], picked: frozenset[int]) -> Start:
        """The search for the picked people (indexes of `people`), by no identifier that another of them holds."""
        chosen: dict[Place, set[Key]] = defaultdict(set)
        own: dict[str, set[str]] = defaultdict(set)
        others: dict[str, set[str]] = defaultdict(set)
        for index, person in enumerate(people):
            for kind, found in person.identifiers.items():
                (own if index in picked else others)[kind] |= found
            if index in picked:
                for row in person.rows:
                    chosen[row.store, row.table].add(row.key)
        for kind, found in self.identifiers.items():
            own[kind] |= found
        return Start(
            {kind: frozenset(found - others[kind]) for kind, found in own.items()},
            {place: frozenset(keys) for place, keys in chosen.items()},
            {kind: frozenset(found) for kind, found in others.items() if found},
        )


@dataclass(frozen=True)
class _Anchor:
    """A table that leads on, and the columns to read for it."""

    target: Target
    identifiers: tuple[tuple[str, str], ...]
    """(column, kind)"""
    references: tuple[tuple[ColumnName, ...], ...]
    """Each the referenced columns of this table, in the order of the referring link."""

    @cached_property
    def form(self) -> AsArray:
        """The columns to read, each once."""
        names = [
            *self.target.table.key,
            *self.target.table.person_columns,
            *(name for name, _ in self.identifiers),
            *(column.column for columns in self.references for column in columns),
            *(name for link in self.target.table.subject if link.targets for name in link.columns),
        ]
        return AsArray(tuple(dict.fromkeys(names)))


@dataclass
class _Search:
    """What is known so far of one request's person."""

    start: Start
    identifiers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[tuple[ColumnName, ...], set[Key]] = field(default_factory=lambda: defaultdict(set))
    people: dict[PersonRow, dict[str, frozenset[str]]] = field(default_factory=dict)
    refers: dict[PersonRow, set[tuple[tuple[ColumnName, ...], Key]]] = field(default_factory=dict)

    def footprint(self) -> Footprint:
        return Footprint(
            {kind: frozenset(found) for kind, found in self.identifiers.items() if found},
            {columns: frozenset(keys) for columns, keys in self.values.items() if keys},
            self.start.chosen,
            self.start.shared,
            self._held(),
        )

    def _held(self) -> dict[str, frozenset[str]]:
        held: dict[str, set[str]] = defaultdict(set)
        for kinds in self.people.values():
            for kind, found in kinds.items():
                held[kind] |= found
        return {kind: frozenset(found) for kind, found in held.items()}


def targets(catalog: Catalog, types: Mapping[str, Mapping[Any, Mapping[str, str]]]) -> dict[Place, Target]:
    """Every catalogued table with its live column types (`types`: store -> table -> column -> format_type)."""
    return {
        (store.store, name): Target(store, name, table, types.get(store.store, {}).get(name, {}))
        for store, name, table in catalog.tables()
    }


def resolve(
    views: Mapping[str, Connection], places: Mapping[Place, Target], batch: Mapping[str, Start]
) -> dict[str, Footprint | Doubt]:
    """For each request of the batch what its person's rows hang on, or why that is not certain.

    `views`: an open snapshot per store. `SubjectTooWide` where an identifier leads to a crowd.
    """
    anchors = _anchors(places)
    searches = {number: _Search(start) for number, start in batch.items()}
    fresh = {number: Footprint(start.identifiers, {}, start.chosen, start.shared) for number, start in batch.items()}
    for number, start in batch.items():
        for kind, found in start.identifiers.items():
            searches[number].identifiers[kind] |= found
    # Each round finds something new, of which there is an end: rows can hang on each other in a long chain.
    while fresh:
        fresh = _step(views, anchors, searches, fresh)
    return {number: _outcome(search) for number, search in searches.items()}


def _anchors(places: Mapping[Place, Target]) -> list[_Anchor]:
    referenced: dict[Place, dict[tuple[ColumnName, ...], None]] = defaultdict(dict)
    for target in places.values():
        for link in target.table.subject:
            if link.targets:
                first = link.targets[0]
                referenced[first.store, first.table][link.targets] = None
    return [
        _Anchor(
            target,
            tuple((n, c.identifier) for n, c in target.table.columns.items() if c.identifier)
            if target.table.person
            else (),
            tuple(referenced[place]),
        )
        for place, target in places.items()
        if target.table.subject and (target.table.person or place in referenced)
    ]


def _step(
    views: Mapping[str, Connection],
    anchors: list[_Anchor],
    searches: Mapping[str, _Search],
    fresh: Mapping[str, Footprint],
) -> dict[str, Footprint]:
    """One round: what the newest identifiers and keys lead to; empty once nothing new is found."""
    identifiers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    values: dict[str, dict[tuple[ColumnName, ...], set[Key]]] = defaultdict(lambda: defaultdict(set))
    for anchor in anchors:
        for number, row in _read(views, anchor, fresh):
            search = searches[number]
            held = _held(anchor, row, search.start.shared)
            if anchor.target.table.person:
                _note(anchor, row, held, search)
                if len(search.people) > MOST_PEOPLE:
                    raise SubjectTooWide(" or ".join(sorted(search.start.identifiers)), MOST_PEOPLE)
            for kind, value in held:
                if value not in search.identifiers[kind]:
                    identifiers[number][kind].add(value)
            for columns, key in _keys(anchor, row):
                if key not in search.values[columns]:
                    values[number][columns].add(key)
    for number in {*identifiers, *values}:
        for kind, found in identifiers[number].items():
            searches[number].identifiers[kind] |= found
        for columns, keys in values[number].items():
            searches[number].values[columns] |= keys
    return {
        number: Footprint(
            {kind: frozenset(found) for kind, found in identifiers[number].items()},
            {columns: frozenset(keys) for columns, keys in values[number].items()},
            # The chosen rows were read in the first round; no other row of a table of persons is theirs.
            None if searches[number].start.chosen is None else {},
            searches[number].start.shared,
        )
        for number in {number for found in (identifiers, values) for number, new in found.items() if any(new.values())}
    }


def forms(places: Mapping[Place, Target]) -> dict[Place, AsArray]:
    """What is read of each table that leads on."""
    return {(anchor.target.store.store, anchor.target.name): anchor.form for anchor in _anchors(places)}


def _read(
    views: Mapping[str, Connection], anchor: _Anchor, fresh: Mapping[str, Footprint]
) -> Iterator[tuple[str, dict[str, str | None]]]:
    statement = selection.rows(anchor.target, fresh, anchor.form)
    if statement is None:
        return
    for number, values in statement.on(views[anchor.target.store.store]):
        yield number, dict(zip(anchor.form.names, values, strict=True))


def _held(anchor: _Anchor, row: Mapping[str, str | None], shared: Mapping[str, frozenset[str]]) -> set[tuple[str, str]]:
    found = {(kind, normal(row[name])) for name, kind in anchor.identifiers}
    return {(kind, value) for kind, value in found if value and value not in shared.get(kind, frozenset())}


def _keys(anchor: _Anchor, row: Mapping[str, str | None]) -> Iterator[tuple[tuple[ColumnName, ...], Key]]:
    for columns in anchor.references:
        key = key_of(row[column.column] for column in columns)
        if key is not None:
            yield columns, key


def _note(anchor: _Anchor, row: Mapping[str, str | None], held: set[tuple[str, str]], search: _Search) -> None:
    """Keep a person's row with the identifiers it holds and the rows it refers to."""
    target = anchor.target
    key = tuple(row[name] or "" for name in target.table.key)
    told_by = tuple(normal(row[name]) for name in target.table.person_columns)
    told = tuple(value for value in told_by if value)
    # A row without what tells people apart is a person of its own.
    person = PersonRow(target.store.store, target.name, key, told if told and len(told) == len(told_by) else key)
    kinds: dict[str, set[str]] = defaultdict(set)
    for kind, value in held:
        kinds[kind].add(value)
    search.people[person] = {kind: frozenset(found) for kind, found in kinds.items()}
    ties = set(_keys(anchor, row))
    for link in target.table.subject:
        referred = key_of(row[name] for name in link.columns) if link.targets else None
        if referred is not None:
            ties.add((link.targets, referred))
    search.refers[person] = ties


def _outcome(search: _Search) -> Footprint | Doubt:
    if search.start.chosen is None and ambiguous(search.people):
        return Doubt("several people", candidates(search.people, _tied(search)))
    return search.footprint()


def _tied(search: _Search) -> Iterator[tuple[PersonRow, PersonRow]]:
    """Rows of different tables of persons of which one refers to the other."""
    first: dict[tuple[tuple[ColumnName, ...], Key], PersonRow] = {}
    for person, ties in search.refers.items():
        for tie in ties:
            other = first.setdefault(tie, person)
            if (other.store, other.table) != (person.store, person.table):
                yield other, person
