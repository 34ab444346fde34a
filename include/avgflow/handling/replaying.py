"""Erasing again what a restored backup brought back, from tombstones alone; before the store is opened to its users.

A row is the erased one if it has its key, and also is the same as a whole, or holds an identifier of the person, or
hangs on rows that are theirs. A row that only has the key is somebody else's who got the number later: it is left
alone and counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from avgflow.stores.erase import Work
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
            _erase(store, connection, ground, back)
    if back:
        _refresh(env, store)
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
                there += _look(connection, ground, name, waiting.pop(name))
        for name, stones in waiting.items():
            there += _look(connection, ground, name, stones)
    return _judged(env.keyring, ground, there)


def _stones(register: Connection, keyring: Keyring, store: str) -> Iterator[tuple[TableName, _Stone]]:
    for kept in tombstones.tombstones(register, keyring, store):
        identifiers = frozenset(kept.body["identifiers"])
        for entry in kept.body["tables"]:
            name, columns = TableName.parse(entry["table"]), tuple(entry["columns"])
            for key, mark, leads in entry["rows"]:
                yield name, _Stone(kept.number, tuple(key), mark, leads, columns, identifiers)


def _look(
    connection: Connection, ground: Ground, name: TableName, stones: Sequence[_Stone]
) -> Iterator[tuple[_Stone, Found]]:
    """The rows that have the keys of erased ones; of a table without a key, those that hang where one hung."""
    key = ground.targets[name].table.key
    by: dict[tuple[str, ...], list[tuple[str, Key]]] = defaultdict(list)
    for position, stone in enumerate(stones):
        columns = key or tuple(sorted(stone.leads))
        by[columns].append((str(position), stone.key if key else tuple(stone.leads[c] for c in columns)))
    for columns, wanted in by.items():
        for position, row in survey.by_values(connection, ground, name, columns, wanted) if columns else ():
            yield stones[int(position)], row


def _judged(keyring: Keyring, ground: Ground, there: Back) -> tuple[list[tuple[_Stone, Found]], int]:
    """Which of the rows are the erased ones."""
    accepted: dict[tuple[TableName, Key, int], tuple[_Stone, Found]] = {}
    taken: Counter[tuple[TableName, Key]] = Counter()
    open_: list[tuple[_Stone, Found]] = []
    refused: set[tuple[TableName, Key]] = set()
    for stone, row in there:
        keyless = not ground.targets[row.table].table.key
        same = tombs.mark(keyring, row.digest) == stone.mark
        if keyless:
            if same:
                accepted[row.table, row.key, taken[row.table, row.key]] = stone, row
                taken[row.table, row.key] += 1
        elif same or _held(keyring, ground, row) & stone.identifiers:
            accepted[row.table, row.key, 0] = stone, row
        elif ground.targets[row.table].table.person or not stone.leads or stone.leads != tombs.leads(ground, row):
            if not stone.columns:
                refused.add((row.table, row.key))
        else:
            open_.append((stone, row))
    others = {(name, column, value) for name, column, value in _values(ground, there, refused)}
    for stone, row in open_:
        if not stone.columns and not any(lead in others for lead in _targets_of(ground, row)):
            accepted.setdefault((row.table, row.key, 0), (stone, row))
    left = {at for at in refused if (*at, 0) not in accepted}
    return list(accepted.values()), len(left)


def _held(keyring: Keyring, ground: Ground, row: Found) -> frozenset[str]:
    """Keyed hashes of the identifiers that a row holds."""
    columns = ground.targets[row.table].table.columns
    held: dict[str, list[str]] = defaultdict(list)
    for name, value in row.values.items():
        kind = columns[name].identifier
        if kind and value:
            held[kind].append(value)
    return hashes(keyring, held)


def _values(ground: Ground, there: Back, refused: set[tuple[TableName, Key]]) -> Iterator[tuple[TableName, str, str]]:
    """What the rows of somebody else can be pointed to by."""
    for _, row in there:
        if (row.table, row.key) in refused:
            yield from ((row.table, name, value) for name, value in row.values.items() if value is not None)


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


def _refresh(env: Environment, store: str) -> None:
    for name, table in env.catalog.stores[store].tables.items():
        if table.kind == "materialized view":
            with env.writing(store) as connection:
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
