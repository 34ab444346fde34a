"""Carrying out the steps of a right that changes one store, within the caller's transaction.

What PostgreSQL itself counted as inserted, updated and deleted in this transaction, cascades and triggers included,
must in every table of the store be what the steps come to; else nothing of it stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from avgflow import deletion_order, laps
from avgflow.catalog.live import ForeignKey
from avgflow.catalog.models import Table
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError
from avgflow.identity import Footprint, Key, key_of
from avgflow.plan import Step
from avgflow.stores import changes, correct, transactions
from avgflow.stores.correct import Values
from avgflow.stores.survey import Found, Ground
from avgflow.stores.transactions import Tally

What = TypeVar("What")

AT_ONCE = 1000
"""Rows of a table that one statement changes."""


@dataclass(frozen=True)
class Work:
    """What is to be done in one store for one request; `rows`: the person's rows as this transaction sees them;
    `right`: the right values of what is corrected, by attribute.
    """

    steps: Sequence[Step]
    footprint: Footprint
    rows: Sequence[Found]
    right: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What was done: PostgreSQL's own counters by table, and the identity of the transaction and of its server."""

    counters: Mapping[TableName, Tally]
    transaction: str
    server: str


class StoreChanged(AvgflowError):
    """Rows are no longer as the plan has them."""

    def __init__(self, store: str, table: TableName) -> None:
        super().__init__(
            f"'{store}' changed since the plan was made ({table}); nothing was touched in it. Clear task 'plan' and "
            f"what follows: the plan is made and approved anew."
        )
        self.store = store


class UnexpectedChange(AvgflowError):
    """The database changed other rows than the plan has, by a trigger, a rule or a cascade."""

    def __init__(self, store: str, table: TableName, planned: Tally, counted: Tally) -> None:
        super().__init__(
            f"Nothing was touched in '{store}': in {table} the database has {counted} where the plan has {planned}. "
            f"A trigger or rule of the store did that. Where it fills a history table, say so in the catalog "
            f"(history: true); else let the store's engineer look at it."
        )
        self.store = store


@dataclass
class _Expected:
    tallies: dict[TableName, Tally] = field(default_factory=dict)

    def add(self, table: TableName, inserted: int = 0, updated: int = 0, deleted: int = 0) -> None:
        self.tallies[table] = self.tallies.get(table, Tally()) + Tally(inserted, updated, deleted)


def erase(store: Connection, name: str, ground: Ground, batch: Mapping[str, Work]) -> Done:
    """Do it. Raises `StoreChanged`, `UnexpectedChange`, `CircleOfKeys` or `CannotAnonymise`; then roll back."""
    before = transactions.counters(store)
    expected = _Expected()
    deletes = _keys(ground, batch, "delete")
    used = _used(ground, batch, deletes)
    order = deletion_order.order(name, set(deletes), used)
    changes.put_off(store, order.put_off)
    for table, columns, keys in _overwritten(ground, batch):
        with laps.on(name, table):
            _all(name, table, len(keys), changes.overwrite(store, ground, batch_of(batch), table, columns, keys))
        expected.add(table, updated=len(keys))
    for action, statement in _MARKING.items():
        for table, columns, keys in _marked(ground, batch, action):
            with laps.on(name, table):
                _all(name, table, len(keys), statement(store, ground, table, columns, keys))
            expected.add(table, updated=len(keys))
    for table, values, keys in _corrected(ground, batch):
        with laps.on(name, table):
            _all(name, table, len(keys), correct.correct(store, ground, batch_of(batch), table, values, keys))
        expected.add(table, updated=len(keys))
    for key in order.emptied:
        pointers = _pointers(batch, key, deletes)
        with laps.on(name, key.table):
            _all(name, key.table, len(pointers), changes.empty(store, ground, key, pointers))
        expected.add(key.table, updated=len(pointers))
    for table in order.tables:
        keys = deletes[table]
        # Rows that point to each other, and rows that are alike and told by nothing, are deleted at once.
        together = not ground.targets[table].table.key or any(key.table == key.target == table for key in used)
        for some in [keys] if together else batched(keys, AT_ONCE):
            with laps.on(name, table):
                _all(name, table, len(some), changes.delete(store, ground, batch_of(batch), table, some))
        expected.add(table, deleted=len(keys))
    for table, rows in _unlinked(ground, batch, deletes).items():
        expected.add(table, updated=rows)
    # What was put off happens now, triggers that fill a history at the end included.
    changes.check_keys(store)
    if any(work.right for work in batch.values()):
        # What a history table says of the past stays true: it held the wrong value then.
        for table, tally in transactions.since(before, transactions.counters(store)).items():
            if table in ground.targets and ground.targets[table].table.history:
                expected.add(table, inserted=tally.inserted)
    else:
        for table, rows in changes.remove_history(store, ground, batch_of(batch), before).items():
            expected.add(table, inserted=rows, deleted=rows)
    counted = transactions.since(before, transactions.counters(store))
    _compare(name, expected.tallies, counted)
    return Done(counted, *transactions.identity(store))


_MARKING = {"set": changes.mark, "restrict": changes.mark, "lift": changes.unmark}


def batch_of(batch: Mapping[str, Work]) -> dict[str, Footprint]:
    """What each person's rows hang on."""
    return {number: work.footprint for number, work in batch.items()}


def batched(keys: Sequence[Key], size: int) -> Iterator[Sequence[Key]]:
    """The keys in parts of at most so many."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _keys(ground: Ground, batch: Mapping[str, Work], action: str) -> dict[TableName, list[Key]]:
    found: dict[TableName, list[Key]] = {}
    for work in batch.values():
        for step in work.steps:
            if step.action == action:
                found.setdefault(step.table, []).extend(step.keys)
    return {table: _once(ground, table, keys) for table, keys in found.items()}


def _once(ground: Ground, table: TableName, keys: list[Key]) -> list[Key]:
    """The keys, one that two people's plans name once; of a table without a key each stands for a row of its own."""
    return list(dict.fromkeys(keys)) if ground.targets[table].table.key else keys


def _overwritten(ground: Ground, batch: Mapping[str, Work]) -> Iterator[tuple[TableName, tuple[str, ...], list[Key]]]:
    """The rows of which columns are overwritten, by table and columns."""
    return _portions(
        ground,
        batch,
        lambda work, step: step.columns if step.action in ("anonymise", "keep") and step.columns else None,
    )


def _marked(
    ground: Ground, batch: Mapping[str, Work], action: str
) -> Iterator[tuple[TableName, tuple[str, ...], list[Key]]]:
    """The rows that are set by one kind of step, by table and columns."""
    return _portions(ground, batch, lambda work, step: step.columns if step.action == action else None)


def _corrected(ground: Ground, batch: Mapping[str, Work]) -> Iterator[tuple[TableName, Values, list[Key]]]:
    """The rows that are corrected, by table and right values."""

    def values(work: Work, step: Step) -> Values | None:
        return right_values(ground.targets[step.table].table, step, work.right) if step.action == "correct" else None

    return _portions(ground, batch, values)


def _portions(
    ground: Ground, batch: Mapping[str, Work], what: Callable[[Work, Step], What | None]
) -> Iterator[tuple[TableName, What, list[Key]]]:
    """The rows with which something is done (`what` says what, None for nothing), as many at a time as one statement
    changes.
    """
    groups: dict[tuple[TableName, What], list[Key]] = {}
    for work in batch.values():
        for step in work.steps:
            done = what(work, step)
            if done is not None:
                groups.setdefault((step.table, done), []).extend(step.keys)
    for (table, done), keys in groups.items():
        # Rows without a key are told by what stands in them, which changes: they are dealt with at once.
        size = AT_ONCE if ground.targets[table].table.key else max(len(keys), 1)
        for some in batched(_once(ground, table, keys), size):
            yield table, done, list(some)


def right_values(table: Table, step: Step, right: Mapping[str, str]) -> Values:
    """The right value of each column that a step corrects."""
    return tuple((name, right[table.columns[name].attribute or ""]) for name in step.columns)


def _unlinked(
    ground: Ground, batch: Mapping[str, Work], deletes: Mapping[TableName, Sequence[Key]]
) -> dict[TableName, int]:
    """How many rows lose their pointer because the database empties it, by table.

    Not those that go themselves or are emptied anyway, for another person of the batch: nothing is left to empty then.
    """
    gone = Counter((table, key) for table, keys in deletes.items() for key in keys)
    emptied: dict[tuple[TableName, Key], set[str]] = {}
    for table, columns, keys in _overwritten(ground, batch):
        for key in keys:
            emptied.setdefault((table, key), set()).update(columns)
    pointing = Counter(
        (step.table, key, step.columns)
        for work in batch.values()
        for step in work.steps
        if step.action == "unlink"
        for key in step.keys
    )
    found: Counter[TableName] = Counter()
    for (table, key, columns), rows in pointing.items():
        if emptied.get((table, key), set()) & set(columns):
            continue
        # Rows without a key can be alike; a row with one is the same row, whoever's plan names it.
        left = (0 if gone[table, key] else 1) if ground.targets[table].table.key else rows - gone[table, key]
        found[table] += max(left, 0)
    return dict(found)


def _going(batch: Mapping[str, Work], deletes: Mapping[TableName, Sequence[Key]]) -> Iterator[Found]:
    gone = {table: Counter(keys) for table, keys in deletes.items()}
    for work in batch.values():
        for row in work.rows:
            if gone.get(row.table, Counter())[row.key]:
                yield row


def _used(
    ground: Ground, batch: Mapping[str, Work], deletes: Mapping[TableName, Sequence[Key]]
) -> dict[ForeignKey, bool]:
    """The foreign keys by which rows that go point to rows that go, and whether they may be empty."""
    rows = list(_going(batch, deletes))
    there = {
        (key.target, key.target_columns, _at(row, key.target_columns))
        for key in ground.foreign_keys
        for row in rows
        if row.table == key.target
    }
    used: dict[ForeignKey, bool] = {}
    for key in ground.foreign_keys:
        for row in rows:
            if row.table == key.table and (key.target, key.target_columns, _at(row, key.columns)) in there:
                place = ground.places[key.table]
                used[key] = all(name in place.pointers for name in key.columns) and bool(place.spec.key)
                break
    return used


def _pointers(batch: Mapping[str, Work], key: ForeignKey, deletes: Mapping[TableName, Sequence[Key]]) -> list[Key]:
    """The rows that go and point anywhere by a key that is to be emptied."""
    return [row.key for row in _going(batch, deletes) if row.table == key.table and _at(row, key.columns) is not None]


def _at(row: Found, columns: Sequence[str]) -> Key | None:
    return key_of(row.values[name] for name in columns)


def _all(store: str, table: TableName, planned: int, changed: int) -> None:
    if changed != planned:
        raise StoreChanged(store, table)


def _compare(store: str, planned: Mapping[TableName, Tally], counted: Mapping[TableName, Tally]) -> None:
    for table in sorted({*planned, *counted}):
        if planned.get(table, Tally()) != counted.get(table, Tally()):
            raise UnexpectedChange(store, table, planned.get(table, Tally()), counted.get(table, Tally()))
