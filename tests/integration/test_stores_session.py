"""One consistent, read-only view of a store, whose errors say which store and nothing of any row."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from avgflow.catalog import live
from avgflow.catalog.models import Store, Table, Text
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError, StoreRefused, StoreUnreachable
from avgflow.stores.selection import Target
from avgflow.stores.session import connected, faults, reading

CANARY = "kanarie.vogel@voliere.example"
SCHEMA = f"""
CREATE TABLE person (email text UNIQUE, born date CHECK (born < '2020-01-01'), number int);
INSERT INTO person VALUES ('{CANARY}', '1990-01-01', 7)
"""


@pytest.fixture(scope="module")
def dsn(pg: Any) -> Iterator[str]:
    made = pg.create_database("session_store", owner="crm")
    with psycopg.connect(made) as connection:
        connection.execute(SCHEMA)
    yield made
    pg.drop_database("session_store")


@pytest.fixture
def engine(dsn: str) -> Iterator[Engine]:
    made = connected(dsn, "crm")
    yield made
    made.dispose()


def told(fault: AvgflowError) -> str:
    """Everything that a log could show of a fault."""
    return str(fault) + repr(fault) + "".join(traceback.format_exception(fault))


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        (f"INSERT INTO person VALUES ('{CANARY}')", "23505"),
        (f"INSERT INTO person VALUES ('{CANARY}2', '2024-01-01')", "23514"),
        (f"SELECT '{CANARY}'::int", "22P02"),
        (f"SELECT number / 0 FROM person WHERE email = '{CANARY}'", "22012"),
        (f'SELECT "{CANARY}" FROM person', "42703"),
        (f"SELEC '{CANARY}'", "42601"),
        ("SELECT email::date FROM person", "22007"),
    ],
)
def test_an_error_of_the_database_is_told_by_its_state_alone(engine: Engine, statement: str, sqlstate: str) -> None:
    with pytest.raises(StoreRefused) as caught, faults("crm"), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert (caught.value.store, caught.value.sqlstate) == ("crm", sqlstate)
    assert CANARY not in told(caught.value)
    assert isinstance(caught.value.__context__, DBAPIError | None)
    assert caught.value.__cause__ is None


def test_a_bound_value_is_not_told_either(engine: Engine) -> None:
    with pytest.raises(StoreRefused) as caught, faults("crm"), engine.begin() as connection:
        connection.execute(text("SELECT CAST(:value AS date)"), {"value": CANARY})
    assert CANARY not in told(caught.value)


@contextmanager
def views_of(dsn: str, *names: str) -> Iterator[dict[str, Connection]]:
    """Views that are open at once, as if each were of a store of its own."""
    with ExitStack() as stack:
        engines = {name: connected(dsn, name) for name in names}
        for engine in engines.values():
            stack.callback(engine.dispose)
        yield {name: stack.enter_context(reading(engine, name)) for name, engine in engines.items()}


def divides_by_zero_in(dsn: str, broken: str) -> None:
    with views_of(dsn, "crm", "orders", "accounts") as views:
        views[broken].exec_driver_sql("SELECT 1 / 0")


def ends_while_it_is_read(dsn: str, pg: Any, *names: str) -> None:
    with views_of(dsn, *names) as views:
        view = views[names[0]]
        (pid,) = view.exec_driver_sql("SELECT pg_backend_pid()").one()
        with psycopg.connect(pg.superuser_dsn, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        view.exec_driver_sql("SELECT 1")


@pytest.mark.parametrize("broken", ["crm", "orders", "accounts"])
def test_of_several_open_views_the_one_that_failed_is_named(dsn: str, broken: str) -> None:
    with pytest.raises(StoreRefused, match=f"'{broken}'") as caught:
        divides_by_zero_in(dsn, broken)
    assert caught.value.store == broken


def test_a_store_that_ends_while_it_is_read_is_unreachable_by_its_own_name(dsn: str, pg: Any) -> None:
    with pytest.raises(StoreUnreachable, match="'crm' cannot be reached"):
        ends_while_it_is_read(dsn, pg, "crm", "orders")
    with views_of(dsn, "crm") as views:
        assert views["crm"].exec_driver_sql("SELECT number FROM person").scalar_one() == 7


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://crm:not-the-password@127.0.0.1:1/crm",
        "postgresql://crm:not-the-password@127.0.0.1:{port}/session_store",
        "postgresql://nobody:not-the-password@127.0.0.1:{port}/session_store",
        "postgresql://crm:not-the-password@no-such-host.invalid/crm",
    ],
)
def test_a_store_that_cannot_be_entered_is_unreachable_and_its_address_is_not_told(dsn: str, address: str) -> None:
    port = dsn.rpartition(":")[2].partition("/")[0]
    engine = connected(address.format(port=port), "crm")
    with pytest.raises(StoreUnreachable, match="'crm'") as caught, reading(engine, "crm"):
        pass
    assert "not-the-password" not in told(caught.value)


def test_nothing_can_be_written(engine: Engine) -> None:
    with pytest.raises(StoreRefused) as caught, reading(engine, "crm") as view:
        view.exec_driver_sql("DELETE FROM person")
    assert caught.value.sqlstate == "25006"


def test_a_view_does_not_change_while_it_is_open(engine: Engine, dsn: str) -> None:
    with reading(engine, "crm") as view:
        assert view.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 1
        with psycopg.connect(dsn) as other:
            other.execute("INSERT INTO person VALUES ('new@x.nl')")
        assert view.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 1
    with psycopg.connect(dsn) as other:
        other.execute("DELETE FROM person WHERE email = 'new@x.nl'")


PRINTED = {
    "timestamptz '2024-10-27 00:30:00+00'": "2024-10-27 02:30:00+02",
    "timestamptz '2024-10-27 01:30:00+00'": "2024-10-27 02:30:00+01",
    "date '0044-03-15 BC'": "0044-03-15 BC",
    "numeric 'NaN'": "NaN",
    "numeric '12.500'": "12.500",
    "bigint '9007199254740993'": "9007199254740993",
    "double precision '0.1'": "0.1",
    "double precision '0.30000000000000004'": "0.30000000000000004",
    "real '0.1'": "0.1",
    "bytea '\\x00ff'": "\\x00ff",
    "interval '1 day 00:00:01'": "P1DT1S",
    "boolean 'true'": "true",
    "inet '10.0.0.1'": "10.0.0.1",
    "inet '10.0.0.0/8'": "10.0.0.0/8",
    "cidr '10.0.0.0/8'": "10.0.0.0/8",
    "inet '2001:db8::1'": "2001:db8::1",
    "int4range '[1,3)'": "[1,3)",
    "'{a,NULL,\"\"}'::text[]": '{a,NULL,""}',
    'jsonb \'{"b": 1, "a": 9007199254740993}\'': '{"a": 9007199254740993, "b": 1}',
    'json \'{"b":1,  "a":1.0}\'': '{"b":1,  "a":1.0}',
    "uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8'": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "text ''": "",
    "NULL::text": None,
    "NULL::inet": None,
}


@pytest.mark.parametrize("value", PRINTED)
def test_every_value_is_printed_as_it_is_stored(dsn: str, value: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(f'DROP TABLE IF EXISTS "order"; CREATE TABLE "order" AS SELECT {value} AS "user"')
        connection.execute("ALTER DATABASE session_store SET TimeZone = 'Asia/Tokyo'")
        connection.execute("ALTER DATABASE session_store SET DateStyle = 'SQL, DMY'")
        connection.execute("ALTER DATABASE session_store SET bytea_output = 'escape'")
    engine = connected(dsn, "crm")
    with reading(engine, "crm") as view:
        target = target_of(view)
        (printed,) = view.execute(target.relation.select().with_only_columns(target.printed("user"))).one()
    engine.dispose()
    assert printed == PRINTED[value]


def target_of(view: Connection) -> Target:
    name = TableName("public", "order")
    spec = Table.model_validate({"title": {"nl": "t", "en": "t"}, "subject": "none", "columns": {"user": "none"}})
    store = Store(store="crm", title=Text(nl="t", en="t"), connection="store_crm", tables={name: spec})
    return Target(store, name, spec, live.read(view).types[name])
