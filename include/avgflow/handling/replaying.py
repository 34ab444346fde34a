"""Erasing again what a restored backup brought back, from tombstones alone; before the store is opened to its users.

A row is the erased one if it has its key, and also is the same as a whole, or holds an identifier of the person, or
hangs on rows that are theirs. A row that only has the key is somebody else's who got the number later: it is left
alone and counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.catalog.names import ColumnName, TableName
from avgflow.crypto import Keyring
from avgflow.effects import OwnRow, effects
from avgflow.errors import AvgflowError
from avgflow.handling import carried, tombs
from avgflow.handling.environment import Environment
from avgflow.identity import Footprint, Key
from avgflow.plan import Step, grouped
from avgflow.policy.decide import Decision
from avgflow.policy.decide import Ground as Article
from avgflow.register import events, tombstones
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.subjects import hashes
from avgflow.stores import erase, presence, survey
from avgflow.stores.erase import StoreChanged, Work
from avgflow.stores.survey import VIEWS, Found, Ground

AT_ONCE = 10_000
"""Keys that one statement looks for."""
EVERYBODY = ""
"""The one batch of a replay: rows of several people that were erased may hang on each other."""


class UnknownStore(AvgflowError):
    """No store has this name."""

    def __init__(self, store: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no store '{store}'; the catalog has: {', '.join(known)}.")


class CameBack(AvgflowError):
    """Rows that were erased again are still there."""

    def __init__(self, store: str, rows: int) -> None:
        super().__init__(
            f"{rows} rows that were erased again are still in '{store}'. Keep the store closed and look at its "
            f"triggers."
        )


class StoreInUse(AvgflowError):
    """Rows changed while they were erased again."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"Nothing was erased again in '{store}': its rows changed meanwhile. Keep its users out, and run "
            f"`avgflow replay {store}` again."
        )


@dataclass(frozen=True)
class Replayed:
    """What was erased again in a store: people, their rows; `left`: rows that only have the key of an erased one."""

    store: str
    people: int
    rows: int
    left: int


@dataclass(frozen=True)
class _Stone:
    """One erased row as the tombstones have it."""

    number: str
    key: Key
    mark: str
    leads: Mapping[str, str]
    columns: tuple[str, ...]
    identifiers: frozenset[str]


def run(env: Environment, store: str) -> Replayed:
    """Erase again what came back in one store, and put it on record; nothing happens where nothing came back."""
    if store not in env.catalog.stores:
        raise UnknownStore(store, env.catalog.stores)
    with env.writing(store) as connection:
        ground = carried.ground_of(env, store, connection)
        back, left = _came_back(env, store, connection, ground)
        if back:
            try:
                _erase(store, connection, ground, back)
            except StoreChanged:
                raise StoreInUse(store) from None
            # In the same transaction: a run after this one finds nothing that came back, and makes no view anew.
            _refresh(env, store, connection)
    if back:
        _refuse_left(env, store, back)
    done = Replayed(store, len({stone.number for stone, _ in back}), len(back), left)
    with transaction(env.register) as register:
        facts = {"store": store, "people": done.people, "rows": done.rows, "left": done.left}
        events.append(register, env.keyring, EventName.STORE_REPLAYED, None, detail=facts)
        for number, count in sorted(Counter(stone.number for stone, _ in back).items()):
            detail = {"store": store, "rows": count}
            events.append(register, env.keyring, EventName.STORE_REPLAYED, number, detail=detail)
    return done


Back = Sequence[tuple[_Stone, Found]]


def _came_back(
    env: Environment, store: str, connection: Connection, ground: Ground
) -> tuple[list[tuple[_Stone, Found]], int]:
    """The erased rows that are there again, and how many rows only have the key of one."""
    there: list[tuple[_Stone, Found]] = []
    with transaction(env.register) as register:
        waiting: dict[TableName, list[_Stone]] = defaultdict(list)
        for name, stone in _stones(register, env.keyring, store):
            if name not in ground.targets:
                continue
            waiting[name].append(stone)
            if len(waiting[name]) >= AT_ONCE:
                there += _look(env.keyring, connection, ground, name, waiting.pop(name))
        for name, stones in waiting.items():
            there += _look(env.keyring, connection, ground, name, stones)
    judged, left = _judged(env.keyring, ground, there)
    return _changed_back(env.keyring, connection, ground, judged), left


def _stones(register: Connection, keyring: Keyring, store: str) -> Iterator[tuple[TableName, _Stone]]:
    for kept in tombstones.tombstones(register, keyring, store):
        identifiers = frozenset(kept.body["identifiers"])
        for entry in kept.body["tables"]:
            name, columns = _table(entry["table"]), tuple(entry["columns"])
            for key, mark, leads in entry["rows"]:
                yield name, _Stone(kept.number, tuple(key), mark, leads, columns, identifiers)


@lru_cache(maxsize=1024)
def _table(name: str) -> TableName:
    """The name of a table, read once instead of for each person."""
    return TableName.parse(name)


def _look(
    keyring: Keyring, connection: Connection, ground: Ground, name: TableName, stones: Sequence[_Stone]
) -> Iterator[tuple[_Stone, Found]]:
    """The rows that have the keys of erased ones; of a table without a key, the same rows where they hung."""
    key = ground.targets[name].table.key
    if key:
        wanted = [(str(position), stone.key) for position, stone in enumerate(stones)]
        for position, row in survey.by_values(connection, ground, name, key, wanted):
            yield stones[int(position)], row
        return
    same: dict[tuple[Key, str], list[_Stone]] = defaultdict(list)
    places: dict[tuple[str, ...], set[Key]] = defaultdict(set)
    for stone in stones:
        columns = tuple(sorted(stone.leads))
        places[columns].add(tuple(stone.leads[name] for name in columns))
        same[tuple(stone.leads[name] for name in columns), stone.mark].append(stone)
    for columns, values in places.items():
        hung = [(EVERYBODY, value) for value in sorted(values)]
        for _, row in survey.by_values(connection, ground, name, columns, hung) if columns else ():
            at = tuple(row.values[column] or "" for column in columns)
            if left := same[at, tombs.mark(keyring, row.digest)]:
                yield left.pop(), row


def _judged(keyring: Keyring, ground: Ground, there: Back) -> tuple[list[tuple[_Stone, Found]], int]:
    """Which of the rows are the erased ones, and how many only have the key of one."""
    accepted: list[tuple[_Stone, Found]] = []
    open_: list[tuple[_Stone, Found]] = []
    refused: list[Found] = []
    seen: set[tuple[TableName, Key]] = set()
    for stone, row in there:
        table = ground.targets[row.table].table
        if not table.key:
            accepted.append((stone, row))
        elif (row.table, row.key) in seen:
            continue
        elif tombs.mark(keyring, row.digest) == stone.mark or _held(keyring, ground, row) & stone.identifiers:
            accepted.append((stone, row))
            seen.add((row.table, row.key))
        elif not table.person and stone.leads and stone.leads == tombs.leads(ground, row):
            open_.append((stone, row))
        elif not stone.columns:
            refused.append(row)
    others = {(row.table, name, value) for row in refused for name, value in row.values.items() if value is not None}
    for stone, row in open_:
        if (row.table, row.key) in seen:
            continue
        if others.isdisjoint(_targets_of(ground, row)):
            accepted.append((stone, row))
            seen.add((row.table, row.key))
        elif not stone.columns:
            refused.append(row)
    left = {(row.table, row.key) for row in refused} - seen
    return accepted, len(left)


def _changed_back(keyring: Keyring, connection: Connection, ground: Ground, back: Back) -> list[tuple[_Stone, Found]]:
    """Less the overwritten rows that are still as the erasure left them."""
    overwritten: dict[tuple[TableName, tuple[str, ...]], list[Key]] = defaultdict(list)
    for stone, row in back:
        if stone.columns:
            overwritten[row.table, stone.columns].append(row.key)
    filled = {
        (name, key)
        for (name, columns), keys in overwritten.items()
        for key in presence.not_empty(connection, ground.targets[name], ground, columns, keys)
    }
    return [
        (stone, row)
        for stone, row in back
        if not stone.columns
        or (row.table, row.key) in filled
        or (_always_filled(ground, row, stone) and tombs.mark(keyring, row.digest) == stone.mark)
        or _held(keyring, ground, row, stone.columns) & stone.identifiers
    ]


def _always_filled(ground: Ground, row: Found, stone: _Stone) -> bool:
    """Whether a column was overwritten that cannot be empty, so that the same row as before is not an erased one."""
    columns = ground.places[row.table].live.columns
    return not all(columns[name].nullable for name in stone.columns)


def _held(keyring: Keyring, ground: Ground, row: Found, only: Sequence[str] = ()) -> frozenset[str]:
    """Keyed hashes of the identifiers that a row holds, in any column or in these only."""
    columns = ground.targets[row.table].table.columns
    held: dict[str, list[str]] = defaultdict(list)
    for name, value in row.values.items():
        kind = columns[name].identifier
        if kind and value and (not only or name in only):
            held[kind].append(value)
    return hashes(keyring, held)


def _targets_of(ground: Ground, row: Found) -> Iterator[tuple[TableName, str, str]]:
    """Where a row hangs: table, column and value of each row that it refers to."""
    target = ground.targets[row.table]
    for link in target.table.subject:
        for name, to in link.columns.items():
            value = row.values[name]
            if isinstance(to, ColumnName) and to.store == target.store.store and value is not None:
                yield to.table, to.column, value


def _erase(store: str, connection: Connection, ground: Ground, back: Back) -> None:
    erased = Decision("erase", Article.NO_LONGER_NEEDED, _AGAIN)
    stays = Decision("keep", Article.LAW, _AGAIN)
    rows = [row for _, row in back]
    own = [
        OwnRow(row.table, row.key, row.of_class.record_class, stays if stone.columns else erased, row.values)
        for stone, row in back
    ]
    pointing = survey.pointing(connection, ground, {EVERYBODY: rows}, {EVERYBODY: rows})[EVERYBODY]
    emptied = {(row.table, row.key): stone.columns for stone, row in back if stone.columns}
    steps = [
        step
        for step in effects(store, ground.places, own, pointing)
        if not any((step.table, key) in emptied for key in step.keys)
    ]
    steps += grouped(
        Step(store, table, None, 1, "anonymise", _AGAIN, columns=columns, keys=(key,))
        for (table, key), columns in emptied.items()
    )
    person = Footprint(values=_led_to(ground, rows))
    erase.erase(connection, store, ground, {EVERYBODY: Work(steps, person, rows)})


_AGAIN = Text(
    nl="Dit was al gewist. Een reservekopie bracht het terug.",
    en="This had been erased. A backup brought it back.",
)


def _led_to(ground: Ground, rows: Iterable[Found]) -> dict[tuple[ColumnName, ...], frozenset[Key]]:
    """What rows hang on the rows that came back, and on what those hang, as a footprint has it."""
    by_table: dict[TableName, list[Found]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row)
    found: dict[tuple[ColumnName, ...], set[Key]] = defaultdict(set)
    for name, target in ground.targets.items():
        for link in target.table.subject:
            if link.is_identifier:
                continue
            at = tuple(link.columns)
            for row in by_table[name]:
                _add(found[link.targets], tuple(row.values[column] for column in at))
            for row in by_table[link.targets[0].table] if link.targets[0].store == target.store.store else ():
                _add(found[link.targets], tuple(row.values.get(to.column) for to in link.targets))
    return {columns: frozenset(keys) for columns, keys in found.items() if keys}


def _add(keys: set[Key], value: tuple[str | None, ...]) -> None:
    if None not in value:
        keys.add(tuple(part or "" for part in value))


def _refresh(env: Environment, store: str, connection: Connection) -> None:
    for name, table in env.catalog.stores[store].tables.items():
        if table.kind == "materialized view":
            carried.refresh(connection, name)


def _refuse_left(env: Environment, store: str, back: Back) -> None:
    """A fresh connection finds none of the rows; `CameBack` where it does."""
    with env.view(store) as view:
        targets = {target.name: target for target in view.targets(store) if target.table.kind not in VIEWS}
        keys: dict[TableName, list[Key]] = defaultdict(list)
        for stone, row in back:
            if not stone.columns and targets[row.table].table.key:
                keys[row.table].append(row.key)
        rows = sum(
            presence.present(view.connections[store], targets[name], Footprint(), found) for name, found in keys.items()
        )
    if rows:
        raise CameBack(store, rows)
