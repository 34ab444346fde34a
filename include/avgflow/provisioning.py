"""Making the roles and databases of a PostgreSQL server: each database with an owner of its own, nobody else let in."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import psycopg
from psycopg import sql

REGISTER = "register"
REGISTER_OWNER = "register_owner"
REGISTER_APP = "register_app"
READERS = ("suppression_reader", "restriction_reader")
"""The roles for whoever asks the register whom nothing may be sent to and whose data may not be used, as its migrations
name them.
"""


def provision(superuser_dsn: str, passwords: Mapping[str, str], databases: Mapping[str, str]) -> None:
    """Make the roles and databases that are missing, and set the passwords and rights of all (idempotent).

    `passwords`: of each role that logs in. `databases`: the owner of each. PUBLIC may not even connect: a store's role
    cannot enter the database of another store. Where the register is among them, its application's role may enter it.
    """
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        roles = _names(connection, "SELECT rolname FROM pg_roles")
        there = _names(connection, "SELECT datname FROM pg_database")
        for role, password in passwords.items():
            name = sql.Identifier(role)
            if role not in roles:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
            # Only the verifier travels, so that no password can end in a log.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(verifier.decode())))
        for database, owner in databases.items():
            if database not in there:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(
                        sql.Identifier(database), sql.Identifier(owner)
                    )
                )
        for database in (*databases, "postgres", "template1"):
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        if REGISTER in databases:
            _let_in(connection, REGISTER_APP)
            for reader in READERS:
                if reader not in roles:
                    connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(reader)))
                _let_in(connection, reader)
        if "airflow" in passwords:
            # Airflow's bookkeeping may lose its last moments when the machine crashes; the register may not.
            connection.execute("ALTER ROLE airflow SET synchronous_commit = off")


def let_read(superuser_dsn: str, role: str, readers: Collection[str] = READERS) -> None:
    """Let a role of the same server read who is suppressed or restricted, and nothing else of the register."""
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        for reader in readers:
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(reader), sql.Identifier(role)))


def _let_in(connection: psycopg.Connection[tuple[str, ...]], role: str) -> None:
    grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(REGISTER), sql.Identifier(role))
    connection.execute(grant)


def _names(connection: psycopg.Connection[tuple[str, ...]], query: str) -> set[str]:
    return {row[0] for row in connection.execute(query.encode())}
