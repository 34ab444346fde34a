"""Reaching the register's database: one engine per process, and transactions whose faults have a name.

An error of the database may quote rows, so it never gets past here: only its SQLSTATE does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, OperationalError

from avgflow import transport
from avgflow.errors import AvgflowError
from avgflow.register.schema import metadata
from avgflow.settings import Settings, engine, prepare_engine

_UNDEFINED_TABLE = "42P01"
_UNDEFINED_COLUMN = "42703"


class RegisterUnreachable(AvgflowError):
    """The register's database does not answer; worth another try later."""

    def __init__(self, why: str | None = None) -> None:
        super().__init__(
            f"The register's database cannot be reached{f' ({why})' if why else ''}. Check that it runs (avgflow "
            f"status) and AVGFLOW_REGISTER_DSN."
        )


class RegisterNotMigrated(AvgflowError):
    """The register lacks a table or column that this version of avgflow needs."""

    def __init__(self) -> None:
        super().__init__("The register's tables are not those of this version. Run `avgflow register migrate`.")


class RegisterRefused(AvgflowError):
    """The register's database answered with an error; only its SQLSTATE is repeated, for its text may quote rows."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(
            f"The register's database refused a statement (SQLSTATE {sqlstate}); nothing was written. "
            f"Try again; if it stays, look in that database's own log."
        )
        self.sqlstate = sqlstate


def engine_of(settings: Settings) -> Engine:
    """An engine for the register as the application's role; it connects when first used."""
    return engine(settings.secret("register_dsn"))


def prepare(settings: Settings) -> None:
    """Make the engine of the next task, without a connection, and compile a statement of each kind for each table: what
    SQLAlchemy finds out about itself on the way it keeps.
    """
    made = prepare_engine(settings.secret("register_dsn"))
    for table in metadata.sorted_tables:
        column = next(iter(table.c))
        for statement in (
            select(table).where(column == bindparam("key")).with_for_update(key_share=True).order_by(column).limit(1),
            update(table).where(column == bindparam("key")).returning(*table.c),
            insert(table).returning(column),
            insert(table).on_conflict_do_nothing(),
        ):
            statement.compile(dialect=made.dialect)
            statement._generate_cache_key()


@contextmanager
def transaction(register: Engine) -> Iterator[Connection]:
    """A transaction on the register: committed at the end, rolled back on any error.

    Raises `RegisterUnreachable`, `RegisterNotMigrated` or `RegisterRefused` instead of the database's own errors.
    """
    with named_faults(), register.begin() as conn:
        yield conn


@contextmanager
def snapshot(register: Engine) -> Iterator[Connection]:
    """The register as it is at one moment, to be read only; errors as `transaction`."""
    with named_faults(), register.execution_options(isolation_level="REPEATABLE READ").begin() as conn:
        conn.exec_driver_sql("SET TRANSACTION READ ONLY")
        yield conn


@contextmanager
def named_faults() -> Iterator[None]:
    """Turn errors of the database into `AvgflowError`s, which hold nothing of any row."""
    try:
        yield
    except DBAPIError as error:
        raise _named(error) from None


def _named(error: DBAPIError) -> AvgflowError:
    sqlstate: str | None = getattr(error.orig, "sqlstate", None)
    if sqlstate in (_UNDEFINED_TABLE, _UNDEFINED_COLUMN):
        return RegisterNotMigrated()
    if isinstance(error, OperationalError) and (sqlstate is None or sqlstate[:2] in ("08", "57", "28", "3D")):
        return RegisterUnreachable(transport.fault(str(error.orig)))
    return RegisterRefused(sqlstate or type(error.orig).__name__)
