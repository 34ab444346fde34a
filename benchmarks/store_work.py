"""The work on the stores for one person, without Airflow: at two sizes, and against the same SELECTs by psycopg."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from avgflow.handling.environment import Environment
from avgflow.identity import Doubt, Footprint
from avgflow.stores import count
from avgflow.stores.collect import collect, read
from avgflow.stores.resolve import Start, resolve
from benchmarks.figures import Figure


def one_person(env: Environment, person: dict[str, str]) -> float:
    """Seconds to identify, plan (count) and collect one person from all stores into sealed work files."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as work, env.view() as view:
        footprint = _found(env, view, person)
        for store, connection in view.connections.items():
            count.by_class(connection, view.targets(store), {"x": footprint})
            collect(connection, view.targets(store), {"x": footprint}, Path(work), env.keyring)
    return time.perf_counter() - began


def sizes(small: list[float], large: list[float], names: tuple[str, str]) -> Figure:
    """Collecting at the larger size against the smaller."""
    return Figure(f"Collecting one person at {names[1]} people", large, small, f"the same at {names[0]} people", 1.2)


def against_psycopg(env: Environment, people: list[dict[str, str]], rounds: int) -> Figure:
    """Resolving and reading one person's rows, against the very same statements sent by plain psycopg; in turn."""
    ours, plain = [], []
    dsns = {name: env.dsn_of(store.connection) for name, store in env.catalog.stores.items()}
    connections = {name: psycopg.connect(dsn) for name, dsn in dsns.items()}
    try:
        for round_ in range(rounds):
            person = people[round_ % len(people)]
            with _statements() as sent:
                ours.append(_rows(env, person))
            plain.append(_replayed(connections, sent))
    finally:
        for connection in connections.values():
            connection.close()
    # The first pass over the people warms both; it is not counted.
    return Figure(
        "The store work of one person (resolve and read)",
        ours[len(people) :],
        plain[len(people) :],
        "the same SELECTs by plain psycopg",
        2.0,
    )


def _found(env: Environment, view: Any, person: dict[str, str]) -> Footprint:
    who = resolve(view.connections, view.places, {"x": Start.given(person)})["x"]
    if isinstance(who, Doubt):
        raise SystemExit("A benchmark's person is ambiguous; choose people without awkward traits.")
    return who


def _rows(env: Environment, person: dict[str, str]) -> float:
    """Seconds for the statements of resolving and reading, their rows as the library gives them."""
    with env.view() as view:
        began = time.perf_counter()
        footprint = _found(env, view, person)
        for store, connection in view.connections.items():
            for target in view.targets(store):
                if target.table.access:
                    for _ in read(connection, target, {"x": footprint}):
                        pass
        return time.perf_counter() - began


@contextmanager
def _statements() -> Iterator[list[tuple[str, str, Any]]]:
    """Every SELECT that the library sends meanwhile: (database, statement, parameters)."""
    sent: list[tuple[str, str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "pg_catalog" not in statement:
            sent.append((conn.engine.url.database, statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _replayed(connections: dict[str, psycopg.Connection[Any]], sent: list[tuple[str, str, Any]]) -> float:
    began = time.perf_counter()
    for database, statement, parameters in sent:
        connections[database].execute(statement, parameters).fetchall()  # type: ignore[arg-type]
    seconds = time.perf_counter() - began
    for connection in connections.values():
        connection.rollback()
    return seconds
