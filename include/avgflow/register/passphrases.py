"""The passphrase of a request's package: made once, sealed, and shown on record."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import passphrase as table


class NoPassphrase(AvgflowError):
    """The request has no package, or not yet, or no more."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Request {number} has no passphrase: no package was made for it (yet), or its term has passed."
        )


def put_passphrase(conn: Connection, keyring: Keyring, number: str, passphrase: str, actor: str = SYSTEM) -> str:
    """Keep a passphrase, with its event, and return the one to use: the first that was ever put.

    A step that was killed and runs again makes a package with the same passphrase; the mail that went out may hold
    the first one.
    """
    locked(conn, number)
    put = postgresql.insert(table).values(number=number, sealed=keyring.seal(passphrase.encode()))
    if conn.execute(put.on_conflict_do_nothing().returning(table.c.number)).one_or_none() is None:
        return _opened(conn, keyring, number)
    chain.link(conn, keyring, [entry(EventName.PASSPHRASE_MADE, number, actor)])
    return passphrase


def show_passphrase(conn: Connection, keyring: Keyring, number: str, actor: str) -> str:
    """The passphrase, with an event each time: show it to `actor` after the transaction is committed, not before.

    `NoPassphrase` where none was made.
    """
    locked(conn, number)
    passphrase = _opened(conn, keyring, number)
    chain.link(conn, keyring, [entry(EventName.PASSPHRASE_SHOWN, number, actor)])
    return passphrase


def _opened(conn: Connection, keyring: Keyring, number: str) -> str:
    sealed = conn.execute(select(table.c.sealed).where(table.c.number == number)).scalar_one_or_none()
    if sealed is None:
        raise NoPassphrase(number)
    return keyring.open(sealed).decode()
