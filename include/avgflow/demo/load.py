"""Filling the demonstration stores: schema, rows by COPY from several processes, then keys, indexes and views."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql

from avgflow.catalog.names import split
from avgflow.demo import truth
from avgflow.demo.stores import STORES, DemoStore
from avgflow.demo.world import World
from avgflow.errors import AvgflowError, StoreRefused, StoreUnreachable

BLOCKS_AT_ONCE = 20
"""Blocks per task: a thousand subjects, some tens of thousands of rows in memory."""

_DEMO_MARK = "avgflow demonstration store"

Progress = Callable[[str, int, int], None]
"""Told the phase (`rows`, `indexes`, `truth`), how many of its tasks are done, and how many there are."""


class NotADemonstrationStore(AvgflowError):
    """The database holds tables that the loader did not make; it drops nothing of them."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"The database of store '{store}' holds tables that are not of the demonstration. Nothing was changed; "
            f"point AIRFLOW_CONN_STORE_{store.upper()} to an empty database."
        )


class UnusableTruthFile(AvgflowError):
    """The truth cannot be written where it was asked for; found before anything is loaded."""

    def __init__(self, path: Path, fault: OSError) -> None:
        super().__init__(f"The truth cannot be written to {path} ({fault.strerror}). Give the path of a file to make.")


@dataclass(frozen=True)
class Loaded:
    """What was loaded: rows per table (`crm.public.contact`), and how long it took in seconds."""

    subjects: int
    seed: int
    rows: Mapping[str, int]
    seconds: float
    truth: Path | None


@dataclass(frozen=True)
class _Target:
    """A store of the demonstration and the database it is loaded into."""

    name: str
    dsn: str

    @property
    def store(self) -> DemoStore:
        return STORES[self.name]


def load(dsns: Mapping[str, str], world: World, truth_file: Path | None, progress: Progress) -> Loaded:
    """Drop what a former load made in these databases (by store name), and fill them with the world's rows.

    `NotADemonstrationStore` before anything is changed where a database holds other tables; `StoreUnreachable`,
    `StoreRefused` by the database. `truth_file`: where to write the truth, if anywhere; `UnusableTruthFile`.
    """
    started = time.monotonic()
    if truth_file is not None:
        _make_empty(truth_file)
    targets = [_Target(name, dsns[name]) for name in STORES]
    for target in targets:
        _named(target.name, _refuse_other_tables, target)
    for target in targets:
        _named(target.name, _make_schema, target)
    with _processes() as pool:
        counts = _load_rows(pool, targets, world, progress)
        for _ in _results({pool.submit(_finish, target): target.name for target in targets}, "indexes", progress):
            pass
        if truth_file is not None:
            _write_truth(pool, world, truth_file, progress)
    return Loaded(world.subjects, world.seed, counts, time.monotonic() - started, truth_file)


def _make_empty(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    except OSError as fault:
        raise UnusableTruthFile(path, fault) from None


@contextmanager
def _processes() -> Iterator[ProcessPoolExecutor]:
    """As many processes as the machine has processors; after a fault, what has not begun is left."""
    pool = ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _load_rows(
    pool: ProcessPoolExecutor, targets: Sequence[_Target], world: World, progress: Progress
) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    tasks = {pool.submit(_copy, target, world, chunk): target.name for chunk in _chunks(world) for target in targets}
    for done in _results(tasks, "rows", progress):
        for table, rows in done.items():
            counts[table] += rows
    return dict(counts)


def _chunks(world: World) -> Iterator[range]:
    blocks = world.blocks()
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        yield blocks[start : start + BLOCKS_AT_ONCE]


def _results(tasks: Mapping[Future[Any], str], phase: str, progress: Progress) -> Iterator[Any]:
    for number, task in enumerate(as_completed(tasks), 1):
        yield _named(tasks[task], task.result)
        progress(phase, number, len(tasks))


def _named(store: str, action: Callable[..., Any], *arguments: Any) -> Any:
    """The action's result; a fault of the database under the store's name, without its text (which may quote rows)."""
    try:
        return action(*arguments)
    except psycopg.OperationalError as fault:
        raise StoreUnreachable(store, type(fault).__name__) from None
    except psycopg.Error as fault:
        raise StoreRefused(store, fault.sqlstate or "unknown") from None


def _refuse_other_tables(target: _Target) -> None:
    with psycopg.connect(target.dsn) as connection:
        (mark,) = _one(connection, "SELECT obj_description(to_regnamespace('public'), 'pg_namespace')")
        (tables,) = _one(
            connection,
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        )
    if tables and mark != _DEMO_MARK:
        raise NotADemonstrationStore(target.name)


def _make_schema(target: _Target) -> None:
    before, _ = target.store.schema_sql()
    with psycopg.connect(target.dsn) as connection:
        for schema in target.store.schemas:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
        connection.execute(before.encode())


def _copy(target: _Target, world: World, blocks: range) -> dict[str, int]:
    """Load some blocks' rows into one store; the numbers of rows by table."""
    store = target.store
    tables: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for number in blocks:
        for row in store.rows(world.block(number)):
            if row.table not in store.derived:
                tables[row.table].append(row.values)
    with psycopg.connect(target.dsn) as connection:
        connection.execute("SET synchronous_commit = off")
        for table, rows in tables.items():
            _copy_table(connection, table, rows)
    return {f"{store.name}.{table}": len(rows) for table, rows in tables.items()}


def _copy_table(connection: psycopg.Connection[Any], table: str, rows: list[Mapping[str, Any]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(*split(table)), sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


def _finish(target: _Target) -> None:
    """What is done once, after the rows: indexes, foreign keys, triggers, views, sequences, statistics."""
    _, after = target.store.schema_sql()
    with psycopg.connect(target.dsn, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute(after.encode())
        for table, columns in target.store.keys.items():
            if len(columns) == 1 and table not in target.store.derived:
                _advance_sequence(connection, table, columns[0])
        connection.execute("ANALYZE")


def _advance_sequence(connection: psycopg.Connection[Any], table: str, column: str) -> None:
    """Let the identity column go on after the highest number that was loaded, if it is one."""
    (sequence,) = _one(connection, "SELECT pg_get_serial_sequence(%s, %s)", table, column)
    if sequence is not None:
        highest = sql.SQL("SELECT setval(%s, coalesce(max({}), 1)) FROM {}").format(
            sql.Identifier(column), sql.Identifier(*split(table))
        )
        connection.execute(highest, (sequence,))


def _one(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return tuple(row)


def _write_truth(pool: ProcessPoolExecutor, world: World, path: Path, progress: Progress) -> None:
    with TemporaryDirectory() as folder:
        fragments = [(Path(folder) / f"{chunk.start}.jsonl", chunk) for chunk in _chunks(world)]
        tasks = {pool.submit(_truth_fragment, world, chunk, part): "truth" for part, chunk in fragments}
        tables: dict[str, truth.TableCount] = defaultdict(truth.TableCount)
        for counted in _results(tasks, "truth", progress):
            for table, count in counted.items():
                tables[table].add(count)
        truth.write(path, world, dict(sorted(tables.items())), _lines(part for part, _ in fragments))


def _truth_fragment(world: World, blocks: range, path: Path) -> dict[str, truth.TableCount]:
    """Write the lines of some blocks' subjects; the row counts by table."""
    tables: dict[str, truth.TableCount] = defaultdict(truth.TableCount)
    with path.open("w", encoding="utf-8") as file:
        for number in blocks:
            found = truth.of_block(world.block(number))
            file.writelines(map(truth.line, found.subjects))
            for table, count in found.tables.items():
                tables[table].add(count)
    return dict(tables)


def _lines(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as file:
            yield from file
