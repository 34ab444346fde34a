"""SQLAlchemy's dialect for psycopg, less the questions that it puts to the server in each new connection.

PostgreSQL reports its version and how it reads backslashes when a connection is made, and psycopg keeps that: asking
again takes five round trips, which in a task that lives for a tenth of a second is more than its work.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Dialect as AnyDialect
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

NAME = "postgresql+avgflow"
"""In the URL of an engine."""

COMPOSING: AnyDialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
"""For statements that are composed without a connection."""


class Dialect(PGDialect_psycopg):
    """As `PGDialect_psycopg`, without looking up the default schema and the default isolation level: nothing here
    asks for them.
    """

    supports_statement_cache = True

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        version = _info(connection).server_version
        return version // 10000, version % 10000

    def _set_backslash_escapes(self, connection: Connection) -> None:
        self._backslash_escapes = _info(connection).parameter_status("standard_conforming_strings") == "off"

    def _get_default_schema_name(self, connection: Connection) -> str:
        raise NotImplementedError  # SQLAlchemy's word for a dialect that has none: it then does not ask the server

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        raise NotImplementedError  # likewise

    def reset_isolation_level(self, dbapi_conn: Any) -> None:
        """Back to the server's default, which psycopg leaves to the server."""
        dbapi_conn.autocommit = False
        dbapi_conn.isolation_level = None


def _info(connection: Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.info


registry.register("postgresql.avgflow", __name__, Dialect.__name__)
