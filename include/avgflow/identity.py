"""Who is this: identifiers in their normal form, what a person's rows hang on, and when it is not certain.

A name or a telephone number never selects anybody. Identifiers are compared in normal form on both sides: lower case,
without blanks around (fides#3475, openedx-platform#18747); a blank one matches nothing (fides#1901).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from avgflow.catalog.names import ColumnName, TableName
from avgflow.errors import AvgflowError

BLANKS = " \t\r\n\u00a0"
"""What is taken off both ends."""

BLANKS_SQL = r"E' \t\r\n\u00a0'"
"""The same as SQL writes it, in statements and in the expressions of indexes alike: only so do they meet."""

Key = tuple[str, ...]
"""A row's key, each part as PostgreSQL prints it."""

Place = tuple[str, TableName]
"""A table of a store."""

Name = TypeVar("Name")
Value = TypeVar("Value")


def normal(value: str | None) -> str | None:
    """An identifier's normal form, or None for a blank one."""
    return (value or "").strip(BLANKS).lower() or None


def key_of(values: Iterable[str | None]) -> Key | None:
    """Values as a key; None where one of them is NULL, for then a reference leads nowhere."""
    found = tuple(values)
    known = tuple(value for value in found if value is not None)
    return known if len(known) == len(found) else None


class SubjectTooWide(AvgflowError):
    """An identifier leads to so many people that it cannot mean one of them."""

    def __init__(self, kind: str, people: int) -> None:
        super().__init__(
            f"The {kind} given leads to more than {people} people; it does not identify anyone. "
            f"Ask the requester for an identifier of their own and register the request anew."
        )


@dataclass(frozen=True)
class PersonRow:
    """One row of a table whose rows each stand for a person."""

    store: str
    table: TableName
    key: Key
    person: Key
    """What tells people of this table apart: the row's key, or what the catalog names (an address on a mailing
    list).
    """

    def __str__(self) -> str:
        return f"{self.store}.{self.table}"


@dataclass(frozen=True)
class Footprint:
    """What one person's rows hang on: enough to select them in every table, without another search.

    `identifiers` by kind, in normal form; `values` by the referenced columns of one table (a tuple, for composite
    keys); `chosen`: where a human said who is meant, the only rows of each table of persons; `shared`: identifiers that
    other people use too and that therefore select nothing; `held`: identifiers that the person's own rows hold (what
    was only given at intake is not among them).
    """

    identifiers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Mapping[tuple[ColumnName, ...], frozenset[Key]] = field(default_factory=dict)
    chosen: Mapping[Place, frozenset[Key]] | None = None
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    held: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def joined(self, other: Footprint) -> Footprint:
        """What either of the two hangs on, with this one's choice and shared identifiers."""
        return Footprint(
            _union(self.identifiers, other.identifiers),
            _union(self.values, other.values),
            self.chosen,
            self.shared,
            _union(self.held, other.held),
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON form, sorted, so that equal footprints have equal digests."""
        return {
            "identifiers": _listed(self.identifiers),
            "values": [
                {"columns": [str(c) for c in columns], "keys": sorted(map(list, keys))}
                for columns, keys in sorted(self.values.items())
            ],
            "chosen": None if self.chosen is None else chosen_to_json(self.chosen),
            "shared": _listed(self.shared),
            "held": _listed(self.held),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Footprint:
        """The inverse of `to_json`."""
        return cls(
            identifiers=_sets(data["identifiers"]),
            values={
                tuple(ColumnName.parse(c) for c in entry["columns"]): frozenset(map(tuple, entry["keys"]))
                for entry in data["values"]
            },
            chosen=None if data["chosen"] is None else chosen_from_json(data["chosen"]),
            shared=_sets(data["shared"]),
            held=_sets(data["held"]),
        )


def _union(
    one: Mapping[Name, frozenset[Value]], other: Mapping[Name, frozenset[Value]]
) -> dict[Name, frozenset[Value]]:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {**one, **other}}


def chosen_to_json(chosen: Mapping[Place, frozenset[Key]]) -> list[dict[str, Any]]:
    """Chosen rows in a JSON form, sorted."""
    return [
        {"store": store, "table": str(table), "keys": sorted(map(list, keys))}
        for (store, table), keys in sorted(chosen.items())
    ]


def chosen_from_json(data: list[dict[str, Any]]) -> dict[Place, frozenset[Key]]:
    """The inverse of `chosen_to_json`."""
    return {(entry["store"], TableName.parse(entry["table"])): frozenset(map(tuple, entry["keys"])) for entry in data}


def _listed(identifiers: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    return {kind: sorted(found) for kind, found in sorted(identifiers.items())}


def _sets(listed: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {kind: frozenset(found) for kind, found in listed.items()}


@dataclass(frozen=True)
class Candidate:
    """One person behind an ambiguous request: rows that belong together by identifiers nobody else uses."""

    rows: frozenset[PersonRow]
    identifiers: Mapping[str, frozenset[str]]

    def to_json(self) -> dict[str, Any]:
        """A JSON form, sorted; it holds personal data and is kept sealed."""
        return {
            "rows": [
                {"store": row.store, "table": str(row.table), "key": list(row.key), "person": list(row.person)}
                for row in sorted(self.rows, key=_order)
            ],
            "identifiers": _listed(self.identifiers),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Candidate:
        """The inverse of `to_json`."""
        rows = (
            PersonRow(row["store"], TableName.parse(row["table"]), tuple(row["key"]), tuple(row["person"]))
            for row in data["rows"]
        )
        return cls(frozenset(rows), _sets(data["identifiers"]))


@dataclass(frozen=True)
class Doubt:
    """Why it is not certain who is meant, and who it may be; a human chooses one or more of the candidates."""

    reason: str
    candidates: tuple[Candidate, ...] = ()


def candidates(
    held: Mapping[PersonRow, Mapping[str, frozenset[str]]], tied: Iterable[tuple[PersonRow, PersonRow]]
) -> tuple[Candidate, ...]:
    """The people among person rows: `held` says which identifiers each row holds, `tied` which rows refer to each
    other.

    An identifier held by two rows of the same table is nobody's own (a shared mailbox) and ties nothing together.
    """
    groups: dict[PersonRow, set[PersonRow]] = {row: {row} for row in held}

    def join(one: PersonRow, other: PersonRow) -> None:
        if groups[one] is not groups[other]:
            groups[one] |= groups[other]
            for row in groups[other]:
                groups[row] = groups[one]

    same: dict[tuple[str, TableName, Key], PersonRow] = {}
    for row in held:
        join(row, same.setdefault((row.store, row.table, row.person), row))
    for one, other in tied:
        join(one, other)
    foreign = shared_identifiers(held)
    first: dict[tuple[str, str], PersonRow] = {}
    for row in sorted(held, key=_order):
        for kind, found in held[row].items():
            for value in found - foreign.get(kind, frozenset()):
                join(row, first.setdefault((kind, value), row))
    distinct = {id(group): group for group in groups.values()}
    people = [
        Candidate(
            rows=frozenset(group),
            identifiers={
                kind: frozenset().union(*(held[row].get(kind, frozenset()) for row in group))
                for kind in sorted({kind for row in group for kind in held[row]})
            },
        )
        for group in distinct.values()
    ]
    return tuple(sorted(people, key=lambda person: min(map(_order, person.rows))))


def shared_identifiers(held: Mapping[PersonRow, Mapping[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    """Identifiers that two people of one table of persons hold, by kind."""
    holders: dict[tuple[str, str, str, TableName], set[Key]] = {}
    for row, kinds in held.items():
        for kind, found in kinds.items():
            for value in found:
                holders.setdefault((kind, value, row.store, row.table), set()).add(row.person)
    shared: dict[str, set[str]] = {}
    for (kind, value, _, _), keys in holders.items():
        if len(keys) > 1:
            shared.setdefault(kind, set()).add(value)
    return {kind: frozenset(found) for kind, found in shared.items()}


def ambiguous(held: Iterable[PersonRow]) -> bool:
    """Whether some table of persons has two people for what should be one."""
    first: dict[Place, Key] = {}
    return any(first.setdefault((row.store, row.table), row.person) != row.person for row in held)


def _order(row: PersonRow) -> tuple[str, TableName, Key]:
    return row.store, row.table, row.key
