"""The store work of one person, found and read by the library, against the very same SELECTs sent by plain psycopg."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, event

from avgflow.demo.truth import SubjectTruth
from avgflow.handling.environment import Environment, View
from avgflow.identity import Footprint
from avgflow.stores import collect, count, people, readiness, selection
from avgflow.stores.resolve import Start, resolve
from benchmarks.figures import Comparison, Series

Turns = tuple[tuple[float, ...], tuple[float, ...]]
"""Seconds of ours and of the baseline."""


@dataclass(frozen=True)
class Sent:
    """A statement as it went to the driver."""

    store: str
    text: str
    values: Any


def measure(env: Environment, person: SubjectTruth, rounds: int) -> list[Comparison]:
    """Warm (open connections), as in a task (new ones, statements composed before), and with nothing made before."""
    readiness.compose(env.catalog)
    sent = _recorded(env, person)
    selects = f"{len(sent)} statements, {_anew(env, sent)} rows, all fetched as text, in turns"
    with env.view() as view, _plain(env) as plain:
        warm = _in_turns(rounds, lambda: _ours(view, person), lambda: _same(plain, sent))
    task = _in_turns(rounds, lambda: _in_a_task(env, person), lambda: _anew(env, sent))
    cold = _in_turns(rounds, lambda: _unprepared(env, person), lambda: _anew(env, sent))
    return [
        _compared("warm", f"{selects}; connections are open", warm, 2.0),
        _compared("as in a task", f"{selects}; new connections, statements composed before the fork", task),
        _compared("cold", f"{selects}; new connections, every statement composed anew", cold),
    ]


def _compared(when: str, how: str, taken: Turns, goal: float | None = None) -> Comparison:
    ours, plain = taken
    return Comparison(f"The store work, {when}", how, Series("avgflow", ours), Series("psycopg", plain), goal)


def _in_turns(rounds: int, ours: Callable[[], Any], baseline: Callable[[], Any]) -> Turns:
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 + rounds):
        for work, found in zip((ours, baseline), taken, strict=True):
            gc.collect()
            began = time.perf_counter()
            work()
            if turn >= 2:
                found.append(time.perf_counter() - began)
    return tuple(taken[0]), tuple(taken[1])


def _ours(view: View, person: SubjectTruth) -> int:
    """Find the person and read every row of theirs."""
    who = resolve(view.connections, view.places, {"": Start.given(person.identifiers)})[""]
    assert isinstance(who, Footprint)
    return sum(
        len(list(collect.read(view.connections[store], target, {"": who})))
        for (store, _), target in view.places.items()
        if target.table.access
    )


def _in_a_task(env: Environment, person: SubjectTruth) -> None:
    env.dispose()
    with env.view() as view:
        _ours(view, person)
    env.dispose()


def _unprepared(env: Environment, person: SubjectTruth) -> None:
    for composed in (
        selection.composed,
        count.composed_by_class,
        count.composed_afresh,
        people.composed,
    ):
        composed.cache_clear()
    _in_a_task(env, person)


def _recorded(env: Environment, person: SubjectTruth) -> list[Sent]:
    """What the library sends once the views are open."""
    sent: list[Sent] = []
    with env.view() as view, ExitStack() as stack:
        for store, connection in view.connections.items():
            stack.enter_context(_listening(connection, store, sent))
        _ours(view, person)
    return sent


@contextmanager
def _listening(connection: Connection, store: str, sent: list[Sent]) -> Iterator[None]:
    def note(_: Any, __: Any, text: str, values: Any, ___: Any, ____: bool) -> None:
        sent.append(Sent(store, text, values))

    event.listen(connection, "before_cursor_execute", note)
    yield
    event.remove(connection, "before_cursor_execute", note)


@contextmanager
def _plain(env: Environment) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    """A read-only snapshot of each store, opened by psycopg itself."""
    with ExitStack() as stack:
        opened = {}
        for name, store in env.catalog.stores.items():
            connection = stack.enter_context(psycopg.connect(env.dsn_of(store.connection)))
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            opened[name] = connection
        yield opened


def _same(plain: dict[str, psycopg.Connection[Any]], sent: list[Sent]) -> int:
    return sum(len(plain[one.store].execute(one.text, one.values).fetchall()) for one in sent)


def _anew(env: Environment, sent: list[Sent]) -> int:
    with _plain(env) as plain:
        return _same(plain, sent)
