"""Who a request turned out to be about, as keyed hashes, to find what else is asked by or kept for the same person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, Select, select, union
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.selectable import CompoundSelect

from avgflow.crypto import Keyring
from avgflow.identity import normal
from avgflow.register.locks import locked
from avgflow.register.requests import Request, Status, matching
from avgflow.register.schema import identifier, request
from avgflow.register.schema import subject_hash as table

Identifiers = Mapping[str, Iterable[str]]
"""Identifiers by kind; a single one may stand there as it is (`{"email": "…"}`)."""

OPEN = (Status.REGISTERED, Status.RUNNING, Status.WAITING)
"""A stopped request is not in the way of another."""


def hashes(keyring: Keyring, identifiers: Identifiers) -> frozenset[str]:
    """Keyed hashes of identifiers in normal form, as the register keeps them; blank ones have none (fides#1901)."""
    return frozenset(
        keyring.keyed_hash(kind, value)
        for kind, given in identifiers.items()
        for each in ([given] if isinstance(given, str) else given)
        if (value := normal(each))
    )


def note(conn: Connection, keyring: Keyring, number: str, identifiers: Identifiers) -> None:
    """Keep the hashes of everything that was found to be the person's; what is there already stays.

    Identifiers that others use too do not belong here: they would make two people one.
    """
    locked(conn, number)
    rows = [{"number": number, "hash": each} for each in sorted(hashes(keyring, identifiers))]
    if rows:
        conn.execute(postgresql.insert(table).values(rows).on_conflict_do_nothing())


def hashes_of(conn: Connection, number: str) -> frozenset[str]:
    """Keyed hashes of a request's person: of what was given, and of what was found."""
    return frozenset(conn.execute(_hashes_of(number)).scalars())


def open_of_same(conn: Connection, number: str) -> Sequence[Request]:
    """Other requests of the same person that are verified and not at their end, in the order they were registered.

    Unverified ones are never among them: whoever knows an address could hold up a request with it
    (GHSA-qx5f-ghc2-7g5c).
    """
    return matching(
        conn,
        request.c.number.in_(numbers_of_same(number)),
        request.c.number != number,
        request.c.verified_by.is_not(None),
        request.c.status.in_([status.value for status in OPEN]),
    )


def numbers_of_same(number: str) -> CompoundSelect[str]:
    """A query of the numbers of all requests of the same person, this one included."""
    return numbers_of(_hashes_of(number))


def numbers_of(hashed: Select[str] | CompoundSelect[str]) -> CompoundSelect[str]:
    """A query of the numbers of all requests whose person has one of the hashes that another query gives."""
    return union(
        select(identifier.c.number).where(identifier.c.hash.in_(hashed)),
        select(table.c.number).where(table.c.hash.in_(hashed)),
    )


def _hashes_of(number: str) -> CompoundSelect[str]:
    return union(
        select(identifier.c.hash).where(identifier.c.number == number),
        select(table.c.hash).where(table.c.number == number),
    )
