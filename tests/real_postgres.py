"""Real services for tests: the embedded PostgreSQL 18, one server per test process, started when a test asks for it.

The server is the embedded stack's own, made by the same code, less its care for crashes. It lives in a temporary
folder and ends with the tests.
"""

from __future__ import annotations

import ctypes
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from avgflow.crypto import Keyring
from avgflow.embedded import postgres
from avgflow.embedded.layout import Layout
from avgflow.embedded.state import SUPERUSER, StackState, with_free_ports
from avgflow.register.migrate import migrate
from avgflow.settings import engine

OWNER = "register_owner"
APP = "register_app"
STARTS = 3
UNSAFE_BUT_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB")
"""Without care for crashes; and what it writes beforehand stays small, for its folder may be memory."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server with the roles and databases of the embedded stack, all of them empty."""

    state: StackState

    @property
    def superuser_dsn(self) -> str:
        """The superuser, in the database `postgres`."""
        return self.state.superuser_dsn

    def dsn(self, database: str, role: str | None = None) -> str:
        """The DSN of a database for one of the stack's roles, or for the superuser."""
        if role is not None:
            return self.state.dsn(database, role)
        return f"{self.state.superuser_dsn.rpartition('/')[0]}/{database}"

    def create_database(self, name: str, owner: str | None = None, template: str = "template0") -> str:
        """Make a database and return its DSN, for its owner (a role of the stack) or the superuser."""
        self._execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(owner or SUPERUSER), sql.Identifier(template)
            )
        )
        return self.dsn(name, owner)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still in it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.superuser_dsn, autocommit=True) as conn:
            conn.execute(statement)


@dataclass(frozen=True)
class Register:
    """A freshly migrated register of its own, and the secrets it was made with."""

    name: str
    app_dsn: str
    owner_dsn: str
    superuser_dsn: str
    register_key: str
    hash_key: str
    engine: Engine
    """As the application's role."""

    @property
    def keyring(self) -> Keyring:
        return Keyring([self.register_key], self.hash_key)

    def environment(self) -> dict[str, str]:
        """The variables with which the `avgflow` command works on this register."""
        return {
            "AVGFLOW_REGISTER_DSN": self.app_dsn,
            "AVGFLOW_REGISTER_OWNER_DSN": self.owner_dsn,
            "AVGFLOW_REGISTER_KEYS": self.register_key,
            "AVGFLOW_HASH_KEY": self.hash_key,
        }


def _end_with_the_tests() -> None:
    """Let Linux stop the server when the tests are killed (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


@pytest.fixture(scope="session")
def pg() -> Iterator[Server]:
    """A PostgreSQL server on 127.0.0.1 for this test process."""
    home = Path(tempfile.mkdtemp(prefix="avgflow-test-"))
    try:
        layout = Layout.of(home)
        layout.create_folders()
        found = postgres.programs(layout, progress=lambda line: None)
        # Another test process may take the chosen port first.
        for attempt in range(STARTS):
            state = with_free_ports(None)
            shutil.rmtree(layout.pgdata, ignore_errors=True)
            postgres.ensure_data_folder(layout, found, state)
            postgres.write_configuration(layout, found, state)
            with (layout.logs / "postgres.log").open("w") as log:
                server = subprocess.Popen(
                    [*postgres.command(layout, found), *(word for each in UNSAFE_BUT_FAST for word in ("-c", each))],
                    user=found.system_user,
                    preexec_fn=_end_with_the_tests if sys.platform == "linux" else None,
                    cwd="/",
                    stdout=log,
                    stderr=log,
                )
            try:
                postgres.wait_until_ready(layout, state, alive=lambda server=server: server.poll() is None)
            except Exception:
                server.kill()
                server.wait()
                if attempt == STARTS - 1:
                    raise
            else:
                break
        try:
            postgres.provision(state)
            yield Server(state)
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown, whoever is still connected
            server.wait(timeout=30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def _register_template(pg: Server) -> str:
    """A migrated register that others are copied from; nobody works in it."""
    name = "register_template"
    migrate(pg.create_database(name, owner=OWNER), APP, Keyring([pg.state.register_key], pg.state.hash_key))
    return name


@contextmanager
def _a_register(pg: Server, template: str) -> Iterator[Register]:
    name = f"register_{secrets.token_hex(4)}"
    owner_dsn = pg.create_database(name, owner=OWNER, template=template)
    app_dsn = pg.dsn(name, APP)
    app = engine(app_dsn)
    yield Register(name, app_dsn, owner_dsn, pg.dsn(name), pg.state.register_key, pg.state.hash_key, app)
    app.dispose()
    pg.drop_database(name)


@pytest.fixture
def register(pg: Server, _register_template: str) -> Iterator[Register]:
    """A freshly migrated register, dropped after the test."""
    with _a_register(pg, _register_template) as made:
        yield made


@pytest.fixture(scope="module")
def register_of_module(pg: Server, _register_template: str) -> Iterator[Register]:
    """A freshly migrated register for all tests of a file, dropped after them."""
    with _a_register(pg, _register_template) as made:
        yield made


@pytest.fixture
def register_dsn(register: Register) -> str:
    """The DSN of a freshly migrated register for the application's role."""
    return register.app_dsn
