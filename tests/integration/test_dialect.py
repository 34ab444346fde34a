"""Connections without SQLAlchemy's questions to the server: what it would have been told is known all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from avgflow.settings import engine as engine_of
from avgflow.settings import prepare_engine


@pytest.fixture
def dsn(pg: Any) -> str:
    found: str = pg.superuser_dsn
    return found


@pytest.fixture
def engine(dsn: str) -> Iterator[Engine]:
    made = engine_of(dsn)
    yield made
    made.dispose()


def test_a_new_connection_asks_nothing(engine: Engine, dsn: str) -> None:
    with engine.connect() as connection:
        pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with psycopg.connect(dsn) as other:
            asked = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
    assert asked == ("",)


def test_the_version_is_the_servers(engine: Engine, dsn: str) -> None:
    with engine.connect(), psycopg.connect(dsn) as other:
        assert engine.dialect.server_version_info is not None
        assert engine.dialect.server_version_info[0] == other.info.server_version // 10000


@pytest.mark.parametrize("reading", ["off", "on"])
def test_backslashes_are_read_as_the_server_reads_them(dsn: str, reading: str) -> None:
    made = engine_of(f"{dsn}?options=-c%20standard_conforming_strings%3D{reading}")
    try:
        with made.connect() as connection:
            assert connection.dialect._backslash_escapes is (reading == "off")  # type: ignore[attr-defined]
    finally:
        made.dispose()


def test_a_transactions_own_isolation_ends_with_it(engine: Engine) -> None:
    level = text("SELECT current_setting('transaction_isolation')")
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with snapshots.begin() as connection:
        assert connection.execute(level).scalar_one() == "repeatable read"
    with engine.begin() as connection:
        assert connection.execute(level).scalar_one() == "read committed"
        connection.execute(text("CREATE TEMPORARY TABLE written (it int)"))


def test_an_engine_made_before_is_given_out_once_and_without_a_connection(dsn: str) -> None:
    made = prepare_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    try:
        assert made.pool.checkedin() == 0  # type: ignore[attr-defined]
        assert engine_of(dsn) is made
        assert engine_of(dsn) is not made
    finally:
        made.dispose()
