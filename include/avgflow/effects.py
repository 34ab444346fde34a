"""What the decisions on a person's rows come to, given what hangs on what in the live database: pure.

A row may go only if no row that stays points to it. What a row of the person points to while it stays, stays with it
and for its reason; what only somebody else's row points to stays as an empty shell. Pointers that the database itself
empties (ON DELETE SET NULL) hold nothing. A deletion that would cascade into rows of others is refused.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from avgflow.catalog.live import ForeignKey, LiveTable
from avgflow.catalog.models import Table, Text
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError
from avgflow.identity import Key, key_of
from avgflow.plan import Step, grouped
from avgflow.policy.decide import Decision, Ground

HOLDING = frozenset({"NO ACTION", "RESTRICT"})
EMPTYING = "SET NULL"


@dataclass(frozen=True)
class Place:
    """A table as the catalog describes it and as the database has it."""

    spec: Table
    live: LiveTable

    def writable(self, name: str) -> bool:
        """Whether an erasure may write a column: not of the key, not computed by the database."""
        return name not in self.spec.key and not self.live.columns[name].generated

    @property
    def pointers(self) -> set[str]:
        """The columns of foreign keys that may be empty."""
        found = {name for key in self.live.foreign_keys for name in key.columns}
        return {name for name in found if self.live.columns[name].nullable and self.writable(name)}

    @property
    def marked(self) -> tuple[str, ...]:
        """The columns that no ground needs (`erase: anonymise`)."""
        return tuple(name for name, c in self.spec.columns.items() if c.erase == "anonymise" and self.writable(name))

    @property
    def personal(self) -> tuple[str, ...]:
        """Everything of the person in a row, and every pointer that can be emptied; names of staff are not theirs."""
        columns = self.spec.columns.items()
        own = {name for name, c in columns if c.personal and not c.third_party and self.writable(name)}
        return tuple(name for name in self.spec.columns if name in own | self.pointers)


@dataclass(frozen=True)
class OwnRow:
    """A row of the person and the decision on it.

    `values`: of the columns by which foreign keys point from or to its table, as PostgreSQL prints them.
    """

    table: TableName
    key: Key
    record_class: str
    decision: Decision
    values: Mapping[str, str | None]

    def at(self, columns: Sequence[str]) -> Key | None:
        """The values of some columns; None where one of them is NULL, for then a foreign key points nowhere."""
        return key_of(self.values[name] for name in columns)


@dataclass(frozen=True)
class Pointing:
    """A row of somebody else, or of nobody, that points to a row of the person."""

    foreign_key: ForeignKey
    key: Key
    to: Key


class WouldReachOthers(AvgflowError):
    """Deleting a person's rows would delete or change rows of others."""

    def __init__(self, store: str, key: ForeignKey, rows: int) -> None:
        super().__init__(
            f"Nothing was touched in '{store}': deleting from {key.target} would reach {rows} rows of others in "
            f"{key.table}, by foreign key {key.name} (ON DELETE {key.on_delete}). Let the store's engineer change that "
            f"key to NO ACTION or SET NULL, then have the plan made anew."
        )


@dataclass(frozen=True)
class _Stay:
    """That a row stays, and for which decision; None: only because others point to it."""

    decision: Decision | None = None

    @property
    def strength(self) -> tuple[bool, int, date]:
        if self.decision is None:
            return False, 0, date.min
        return self.decision.whole, _STRENGTH[self.decision.ground], self.decision.keep_until or date.max


_STRENGTH = {Ground.PROOF: 1, Ground.LAW: 2, Ground.CONTRACT: 3, Ground.OTHER_BASIS: 3, Ground.CLAIM: 4}

_SHELL = Text(
    nl="Hieraan hangen gegevens die blijven. Uw eigen gegevens zijn eruit gehaald.",
    en="Data that stay hang on this. Your own data were taken out of it.",
)


def effects(
    store: str, places: Mapping[TableName, Place], rows: Sequence[OwnRow], pointing: Sequence[Pointing]
) -> tuple[Step, ...]:
    """The steps in one store for one person; `WouldReachOthers` where a deletion would cascade."""
    stays = _staying(places, rows, pointing)
    going = {
        (row.table, columns, row.at(columns))
        for row, stay in zip(rows, stays, strict=True)
        if stay is None
        for columns in _targets(places, row.table)
    }
    _refuse_cascades(store, pointing, going)
    steps = [_step(store, places[row.table], row, stay) for row, stay in zip(rows, stays, strict=True)]
    steps += _unlinked(store, places, rows, stays, pointing, going)
    return grouped(steps)


_At = tuple[TableName, tuple[str, ...], Key | None]


def _staying(
    places: Mapping[TableName, Place], rows: Sequence[OwnRow], pointing: Sequence[Pointing]
) -> list[_Stay | None]:
    """Why each row stays, or None where it goes; a row that holds another makes it stay, to a fixpoint."""
    found: dict[_At, int] = {}
    for i, row in enumerate(rows):
        for columns in _targets(places, row.table):
            found[row.table, columns, row.at(columns)] = i
    stays: list[_Stay | None] = [_first(places[row.table], row) for row in rows]
    for one in pointing:
        held = found.get((one.foreign_key.target, one.foreign_key.target_columns, one.to))
        if held is not None and one.foreign_key.on_delete in HOLDING:
            stays[held] = stays[held] or _Stay()
    queue = deque(i for i, stay in enumerate(stays) if stay is not None)
    while queue:
        i = queue.popleft()
        row, stay = rows[i], stays[i]
        assert stay is not None
        emptied = set(_columns(places[row.table], stay))
        for key in places[row.table].live.foreign_keys:
            other_row = found.get((key.target, key.target_columns, row.at(key.columns)))
            if other_row is None or other_row == i or key.on_delete == EMPTYING or emptied & set(key.columns):
                continue
            other = stays[other_row]
            if other is None or other.strength < stay.strength:
                stays[other_row] = stay
                queue.append(other_row)
    return stays


def _first(place: Place, row: OwnRow) -> _Stay | None:
    if row.decision.action == "keep":
        return _Stay(row.decision)
    return _Stay() if place.spec.erase == "anonymise" else None


def _columns(place: Place, stay: _Stay) -> tuple[str, ...]:
    """What is overwritten in a row that stays."""
    if stay.decision is None:
        return place.marked if place.spec.erase == "anonymise" and place.marked else place.personal
    return () if stay.decision.whole else place.marked


def _step(store: str, place: Place, row: OwnRow, stay: _Stay | None) -> Step:
    erased = row.decision
    if stay is None:
        return Step(store, row.table, row.record_class, 1, "delete", erased.reason, erased.ground, keys=(row.key,))
    columns = _columns(place, stay)
    own = erased.action == "keep"
    nothing_left = set(columns) >= set(place.personal) - place.pointers
    if stay.decision is None or (nothing_left and columns and not own):
        return Step(
            store, row.table, row.record_class, 1, "anonymise", _SHELL, erased.ground, None, columns, (row.key,)
        )
    why = stay.decision
    return Step(
        store, row.table, row.record_class, 1, "keep", why.reason, why.ground, why.keep_until, columns, (row.key,)
    )


def _targets(places: Mapping[TableName, Place], table: TableName) -> set[tuple[str, ...]]:
    """The sets of columns of a table to which foreign keys point."""
    return {key.target_columns for place in places.values() for key in place.live.foreign_keys if key.target == table}


def _refuse_cascades(store: str, pointing: Sequence[Pointing], going: set[_At]) -> None:
    reached: Counter[ForeignKey] = Counter()
    for one in pointing:
        key = one.foreign_key
        if key.on_delete not in HOLDING | {EMPTYING} and (key.target, key.target_columns, one.to) in going:
            reached[key] += 1
    for key, count in reached.items():
        raise WouldReachOthers(store, key, count)


def _unlinked(
    store: str,
    places: Mapping[TableName, Place],
    rows: Sequence[OwnRow],
    stays: Sequence[_Stay | None],
    pointing: Sequence[Pointing],
    going: set[_At],
) -> Iterator[Step]:
    """The rows that stay and whose pointer to a row that goes the database empties."""
    for row, stay in zip(rows, stays, strict=True):
        if stay is None:
            continue
        emptied = set(_columns(places[row.table], stay))
        for key in places[row.table].live.foreign_keys:
            to = row.at(key.columns)
            gone = to is not None and (key.target, key.target_columns, to) in going
            if gone and key.on_delete == EMPTYING and not emptied & set(key.columns):
                yield _unlink(store, row.record_class, key, row.key)
    for one in pointing:
        key = one.foreign_key
        if key.on_delete == EMPTYING and (key.target, key.target_columns, one.to) in going:
            yield _unlink(store, None, key, one.key)


def _unlink(store: str, record_class: str | None, key: ForeignKey, row: Key) -> Step:
    return Step(store, key.table, record_class, 1, "unlink", _UNLINKED, columns=key.columns, keys=(row,))


_UNLINKED = Text(
    nl="Deze rij verwijst naar een rij die wordt gewist. Alleen die verwijzing wordt leeg.",
    en="This row points to one that is erased. Only that pointer is emptied.",
)
