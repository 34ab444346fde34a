"""Documents that a person gave to show that something is wrong (AVG art. 16): kept sealed, shown on record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError, ToldTwice
from avgflow.register import chain
from avgflow.register.detail import checked_actor
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import document as table

LARGEST = 5 * 1024 * 1024
"""Bytes of one document."""
MOST = 10
"""Documents of one request."""


class DocumentRefused(ToldTwice):
    """A document cannot be kept; the message says why, and does not repeat its name."""


class UnknownDocument(AvgflowError):
    """A request has no document with this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has no document of that number; `avgflow document list {number}` lists them.")


@dataclass(frozen=True)
class Document:
    """A document as the register shows it to anyone: nothing of what it says, nor its name."""

    number: str
    place: int
    """Its place among the request's documents, from 1."""
    size: int
    """In bytes."""
    digest: str
    added_at: datetime
    added_by: str


def put_document(conn: Connection, keyring: Keyring, number: str, name: str, content: bytes, actor: str) -> Document:
    """Keep a document, with the event; one with the same content is kept once.

    `DocumentRefused` for an empty one, one of more than `LARGEST` bytes, or one too many.
    """
    if not content:
        raise DocumentRefused(
            "The document is empty. Name a file that holds something.", "Het bestand is leeg. Kies een ander."
        )
    if len(content) > LARGEST:
        raise DocumentRefused(
            f"The document is larger than {LARGEST // 1024 // 1024} MB. Give a smaller scan of it.",
            f"Het bestand is groter dan {LARGEST // 1024 // 1024} MB. Maak een kleinere scan.",
        )
    locked(conn, number)
    count = conn.execute(select(func.count()).where(table.c.number == number)).scalar_one()
    digest = hashlib.sha256(content).hexdigest()
    there = conn.execute(select(table).where(table.c.number == number, table.c.digest == digest)).one_or_none()
    if there is not None:
        return _document(there)
    if count >= MOST:
        raise DocumentRefused(
            f"{number} has {MOST} documents already, which is all that are kept of one request.",
            f"Bij dit verzoek staan al {MOST} bewijsstukken. Meer bewaren wij er niet.",
        )
    row = conn.execute(
        insert(table)
        .values(
            number=number,
            place=count + 1,
            size=len(content),
            digest=digest,
            name_sealed=keyring.seal(name.encode()),
            sealed=keyring.seal(content),
            added_by=checked_actor(actor),
        )
        .returning(table)
    ).one()
    facts = {"document": row.place, "bytes": row.size, "digest": digest}
    chain.link(conn, keyring, [entry(EventName.DOCUMENT_ADDED, number, actor, facts)])
    return _document(row)


def documents(conn: Connection, number: str) -> Sequence[Document]:
    """The documents of a request, in the order in which they were added."""
    query = select(table).where(table.c.number == number).order_by(table.c.place)
    return [_document(row) for row in conn.execute(query)]


def open_document(conn: Connection, keyring: Keyring, number: str, place: int, actor: str) -> tuple[str, bytes]:
    """A document's name and content, with an event each time; `UnknownDocument` where there is none."""
    locked(conn, number)
    row = conn.execute(select(table).where(table.c.number == number, table.c.place == place)).one_or_none()
    if row is None:
        raise UnknownDocument(number)
    chain.link(conn, keyring, [entry(EventName.DOCUMENT_SHOWN, number, actor, {"document": place})])
    return keyring.open(row.name_sealed).decode(), keyring.open(row.sealed)


def _document(row: Any) -> Document:
    return Document(row.number, row.place, row.size, row.digest, row.added_at, row.added_by)
