"""A stack of the benchmarks' own: a new home, filled stores, the empty DAG beside the product's, nothing left at the
end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from avgflow.cli.stack import start
from avgflow.demo import load
from avgflow.demo.stores import STORES, DemoStore
from avgflow.demo.world import World
from avgflow.embedded import processes, stack
from avgflow.embedded.layout import Layout
from avgflow.embedded.stack import Progress
from avgflow.settings import HOME_VARIABLE, Settings, home

_BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"
_LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"
_DAGS = Path(__file__).resolve().parent / "dags"


class SomethingLeft(Exception):
    """Processes of the benchmarks' stack outlived it."""


@contextmanager
def running(progress: Progress) -> Iterator[None]:
    """Everything up in a temporary home, also the folder of the benchmarks' own DAGs; gone afterwards."""
    for name in [name for name in os.environ if name.startswith(("AVGFLOW_", "AIRFLOW_"))]:
        del os.environ[name]
    folder = tempfile.mkdtemp(prefix="avgflow-bench-")
    os.environ[HOME_VARIABLE] = folder
    os.environ[_BUNDLES] = json.dumps(
        [
            {"name": "product", "classpath": _LOCAL_BUNDLE, "kwargs": {}},
            {"name": "benchmarks", "classpath": _LOCAL_BUNDLE, "kwargs": {"path": str(_DAGS)}},
        ]
    )
    # So that a `kill` takes the stack down too.
    signal.signal(signal.SIGTERM, _ended)
    try:
        start(progress)
        yield
    finally:
        stack.down(progress)
        left = processes.living(Layout.of(home()))
        shutil.rmtree(folder, ignore_errors=True)
        if left:
            raise SomethingLeft(", ".join(str(found) for found in left))


def _ended(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def dsns(suffix: str = "") -> dict[str, str]:
    """Connection id -> DSN of each store's database, or of another database of that store (`another_set`)."""
    settings = Settings.load()
    found = {store.connection: settings.store_dsn(store.connection) for store in STORES.values()}
    return {connection: _database(dsn, suffix) for connection, dsn in found.items()}


def another_set(suffix: str) -> None:
    """Make an empty database for each store beside its first one, so that two sizes can be measured in turns."""
    for store in STORES.values():
        _make(store, suffix, "template1")


def same_set(suffix: str, of: str) -> None:
    """Make another set of databases with exactly the rows of the set `of`, to which nobody may be connected."""
    for store in STORES.values():
        same(store, suffix, of)


def same(store: DemoStore, suffix: str, of: str) -> None:
    """Make another database of one store; one that is there already is dropped first."""
    _make(store, suffix, _path(dsns(of)[store.connection]))


def _make(store: DemoStore, suffix: str, template: str) -> None:
    dsn = dsns(suffix)[store.connection]
    database, owner = _path(dsn), urlsplit(dsn).username or store.connection
    with psycopg.connect(superuser_dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*map(sql.Identifier, (database, owner, template)))
        )


def superuser_dsn() -> str:
    """The superuser's way into the stack's PostgreSQL."""
    state = stack.status().state
    assert state is not None
    return state.superuser_dsn


def fill(subjects: int, suffix: str = "") -> World:
    """Load a world of so many invented people; the same people come first in every size."""
    world, places = World(1, subjects), dsns(suffix)
    load.load({store.name: places[store.connection] for store in STORES.values()}, world, None, _unseen)
    for dsn in places.values():
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return world


def _unseen(phase: str, done: int, total: int) -> None:
    """The loader's progress, which nobody watches here."""


def _path(dsn: str) -> str:
    return urlsplit(dsn).path.lstrip("/")


def _database(dsn: str, suffix: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit((parts.scheme, parts.netloc, f"{parts.path}{suffix}", parts.query, parts.fragment))
