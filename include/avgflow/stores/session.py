"""One consistent view of a store, in which PostgreSQL prints every value the same way everywhere.

Errors of a database quote rows (`Key (email)=(…)`), so they are replaced here by what holds no data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from avgflow import transport
from avgflow.errors import StoreBusy, StoreRefused, StoreUnreachable
from avgflow.settings import engine as engine_of

# `row_security = off` makes PostgreSQL refuse instead of silently hiding rows from this role.
_PRINT = (
    "SET LOCAL TimeZone = 'Europe/Amsterdam'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL row_security = off; "
)
_READING = _PRINT + "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '120s'"
# Everything that is past its term is counted at once, in tables of the transaction's own.
_MEASURING = _PRINT + "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '900s'"
# Whoever uses the store waits for our locks: so we wait for theirs a moment only, and are done soon.
_WRITING = _PRINT + (
    "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'; "
    # What is committed goes on record as done: a crash must not undo it. Stricter settings than `on` stay.
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)

_PASSING = frozenset({"55P03", "57014", "40001", "40P01"})
"""A lock or a statement that took too long, a transaction that met another one: all may pass."""


_STORE = "avgflow_store"
"""The attribute of an error with the store it came from."""


def connected(dsn: str, store: str) -> Engine:
    """An engine whose errors know their store: with several views open, an error passes through all of them."""
    engine = engine_of(dsn)

    @event.listens_for(engine, "handle_error")
    def blame(context: ExceptionContext) -> None:
        if context.sqlalchemy_exception is not None:
            setattr(context.sqlalchemy_exception, _STORE, store)

    return engine


@contextmanager
def reading(engine: Engine, store: str) -> Iterator[Connection]:
    """A read-only snapshot of a store; `StoreUnreachable`, `StoreBusy` or `StoreRefused` in place of its own errors."""
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with faults(store), snapshots.begin() as connection:
        connection.exec_driver_sql(_READING)
        yield connection


@contextmanager
def measuring(engine: Engine, store: str) -> Iterator[Connection]:
    """A snapshot of a store in which temporary tables can be made, and nothing is kept. Raises as `reading`."""
    snapshots = engine.execution_options(isolation_level="REPEATABLE READ")
    with faults(store), snapshots.connect() as connection, connection.begin() as work:
        connection.exec_driver_sql(_MEASURING)
        yield connection
        work.rollback()


@contextmanager
def writing(engine: Engine, store: str) -> Iterator[Connection]:
    """A transaction on a store that sees one moment of it and is committed at the end; nothing of it stays where it
    fails. Raises as `reading`.
    """
    with faults(store), engine.execution_options(isolation_level="REPEATABLE READ").begin() as connection:
        connection.exec_driver_sql(_WRITING)
        yield connection


@contextmanager
def faults(store: str) -> Iterator[None]:
    """Turns the database's errors into ours, which never quote a row; `store` where an error does not know its own."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _named(getattr(error, _STORE, store), error) from None
    except DBAPIError as error:
        raise StoreRefused(getattr(error, _STORE, store), sqlstate(error)) from None


def _named(store: str, error: DBAPIError) -> StoreUnreachable | StoreBusy | StoreRefused:
    """Operational errors with a state of classes 55, 57 (but shutdown) or 40 came from a store that does answer."""
    state = sqlstate(error)
    if state in _PASSING:
        return StoreBusy(store, state)
    if state == "unknown" or state.startswith("08") or state in {"57P01", "57P02", "57P03", "53300"}:
        why = transport.fault(str(error.orig)) or "no answer"
        return StoreUnreachable(store, why if state == "unknown" else f"SQLSTATE {state}")
    return StoreRefused(store, state)


def sqlstate(error: DBAPIError) -> str:
    """The five characters of SQLSTATE, or 'unknown'."""
    return str(getattr(error.orig, "sqlstate", None) or "unknown")
