"""Small databases of a test's own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from erasure_lab import Make, laboratory
from sqlalchemy import Connection

from avgflow.catalog import check
from avgflow.catalog.check import Checked
from avgflow.catalog.models import Store
from avgflow.settings import engine
from avgflow.stores.session import reading


@pytest.fixture
def database(pg: Any) -> Iterator[Callable[[str], Any]]:
    """`with database(sql) as connection`: a view of a database in which that SQL was run."""
    made: list[str] = []

    @contextmanager
    def made_of(statements: str) -> Iterator[Connection]:
        name = f"catalog_{secrets.token_hex(4)}"
        made.append(name)
        dsn = pg.create_database(name)
        opened = engine(dsn)
        try:
            with psycopg.connect(dsn) as connection:
                connection.execute(statements.encode())
            with reading(opened, "shop") as connection:
                yield connection
        finally:
            opened.dispose()

    yield made_of
    for name in made:
        pg.drop_database(name)


@pytest.fixture
def found(database: Callable[[str], Any]) -> Callable[[str, dict[str, Any]], Checked]:
    """The check of a catalog on a database in which some SQL was run."""

    def _found(statements: str, catalog: dict[str, Any]) -> Checked:
        with database(statements) as connection:
            return check.check(connection, Store.model_validate(catalog))

    return _found


@pytest.fixture
def lab(pg: Any) -> Iterator[Make]:
    """Makes a store with a schema and a catalog; it is gone after the test."""
    with ExitStack() as stack:
        yield lambda schema, tables: stack.enter_context(laboratory(pg, schema, tables))
