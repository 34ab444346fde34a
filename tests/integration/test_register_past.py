"""A register that an earlier version filled comes up to this one with everything in it, and can be worked with.

`past/REVISION.sql.gz` is a dump, by `pg_dump`, of a register that the code of that revision filled while its own tests
ran; `past/keys.json` has the keys those tests made. Revisions that were never the newest of a version have none: 7 to 9
came together with 10. A new migration gets a dump of the one before it.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import sql
from real_postgres import APP, OWNER, Server
from register_world import a_request
from typer.testing import CliRunner

from avgflow.cli import audit
from avgflow.cli import request as request_command
from avgflow.crypto import Keyring
from avgflow.embedded import postgres
from avgflow.embedded.layout import Layout
from avgflow.register import chain
from avgflow.register.database import transaction
from avgflow.register.migrate import RegisterTooNew, known, migrate
from avgflow.settings import engine

PAST = Path(__file__).parent / "past"
KEYS: Mapping[str, Mapping[str, str]] = json.loads((PAST / "keys.json").read_text(encoding="utf-8"))
TOKEN = re.compile(rb"gAAAAA[A-Za-z0-9_=-]+")
TOGETHER = {"r0001", "r0007", "r0008", "r0009"}
"""Never the newest of a version."""


@dataclass(frozen=True)
class Old:
    """A register of an earlier version."""

    revision: str
    owner_dsn: str
    app_dsn: str
    superuser_dsn: str

    @property
    def keyring(self) -> Keyring:
        return Keyring([KEYS[self.revision]["register_key"]], KEYS[self.revision]["hash_key"])

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table but Alembic's, as it is printed, with what is sealed in it opened."""
        fernet = Fernet(KEYS[self.revision]["register_key"])

        def opened(value: Any) -> Any:
            token = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
            return fernet.decrypt(token) if TOKEN.fullmatch(token) else value

        found: dict[str, list[tuple[Any, ...]]] = {}
        with psycopg.connect(self.superuser_dsn) as connection:
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (name,) in names:
                if name != "alembic_version":
                    columns = self.columns(connection, name)
                    read = sql.SQL("SELECT {} FROM {}").format(
                        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(name)
                    )
                    rows = connection.execute(read).fetchall()
                    found[name] = [tuple(map(opened, row)) for row in rows]
        return found

    def columns(self, connection: psycopg.Connection[Any], table: str) -> list[str]:
        return [
            name
            for (name,) in connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
                "ORDER BY attnum",
                [f'public."{table}"'],
            )
        ]


@pytest.fixture(params=sorted(KEYS))
def old(request: pytest.FixtureRequest, pg: Server, tmp_path: Path) -> Iterator[Old]:
    revision = str(request.param)
    name = f"past_{revision}_{secrets.token_hex(4)}"
    pg.create_database(name, owner=OWNER)
    made = Old(revision, pg.dsn(name, OWNER), pg.dsn(name, APP), pg.dsn(name))
    programs = postgres.programs(Layout.of(tmp_path), progress=lambda line: None)
    dump = gzip.decompress((PAST / f"{revision}.sql.gz").read_bytes())
    psql = [
        programs.folder / "psql",
        "--quiet",
        "--no-psqlrc",
        "--set=ON_ERROR_STOP=1",
        f"--dbname={made.superuser_dsn}",
    ]
    subprocess.run(psql, input=dump, check=True, capture_output=True, timeout=60)
    yield made
    pg.drop_database(name)


def test_every_revision_but_the_newest_has_a_past() -> None:
    newest, *earlier = known()
    assert newest not in KEYS
    assert set(earlier) - TOGETHER == set(KEYS)


def test_everything_that_stood_there_stands_there_still(old: Old) -> None:
    before = old.tables()
    assert sum(map(len, before.values())) > 5
    done = migrate(old.owner_dsn, APP, old.keyring)
    assert (done.before, done.after) == (old.revision, known()[0])
    after = old.tables()
    assert set(before) <= set(after)
    for table, rows in before.items():
        if table in {"event", "chain_head"}:
            continue
        # A new column stands behind those that there were.
        width = len(rows[0]) if rows else 0
        assert sorted(repr(row[:width]) for row in after[table]) == sorted(map(repr, rows)), table
    assert len(after["event"]) == len(before["event"]) + 1


def test_the_chain_is_whole_and_goes_on(old: Old) -> None:
    migrate(old.owner_dsn, APP, old.keyring)
    register = engine(old.app_dsn)
    with transaction(register) as connection:
        assert chain.verify(connection, old.keyring).ok
        a_request(connection, old.keyring)
    with transaction(register) as connection:
        assert chain.verify(connection, old.keyring).ok
    register.dispose()


def test_each_request_is_shown_by_this_version(old: Old, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    migrate(old.owner_dsn, APP, old.keyring)
    variables = {
        "AVGFLOW_HOME": str(tmp_path),
        "AVGFLOW_REGISTER_DSN": old.app_dsn,
        "AVGFLOW_REGISTER_KEYS": KEYS[old.revision]["register_key"],
        "AVGFLOW_HASH_KEY": KEYS[old.revision]["hash_key"],
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with psycopg.connect(old.superuser_dsn) as connection:
        numbers = [number for (number,) in connection.execute("SELECT number FROM request ORDER BY number")]
    assert numbers
    for number in numbers:
        shown = CliRunner().invoke(request_command.app, ["show", number, "--json"])
        assert shown.exit_code == 0, (shown.exception, shown.output)
        assert json.loads(shown.stdout)["number"] == number
    listed = json.loads(CliRunner().invoke(request_command.app, ["list", "--json"]).stdout)
    assert {one["number"] for one in listed} == set(numbers)
    assert CliRunner().invoke(audit.app, ["verify"]).exit_code == 0


def test_a_register_of_a_newer_version_is_left_alone(old: Old) -> None:
    with psycopg.connect(old.superuser_dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    before = old.tables()
    with pytest.raises(RegisterTooNew, match="r9999"):
        migrate(old.owner_dsn, APP, old.keyring)
    assert old.tables() == before
