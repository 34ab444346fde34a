"""Evidence: what a check found, as a machine reads it and as a person does. It holds no value of any row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_code, checked_result
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import event, request
from avgflow.register.schema import evidence as table


@dataclass(frozen=True)
class Evidence:
    """A check that was done for a request."""

    kind: str
    passed: bool
    result: Mapping[str, Any]
    html: str = field(repr=False)
    digest: str
    kept_at: datetime


def put_evidence(
    conn: Connection,
    keyring: Keyring,
    number: str,
    kind: str,
    passed: bool,
    result: Mapping[str, Any],
    html: str,
    actor: str = SYSTEM,
) -> str:
    """Keep the result of a check, with its event, and return its digest; the very same result is kept once.

    The digest (SHA-256 over both forms) stands in the event, so that the chain vouches for the evidence too.
    `DetailRefused` where the result holds an e-mail address.
    """
    locked(conn, number)
    text = json.dumps(result, sort_keys=True, allow_nan=False)
    checked_result("the result of a check", text)
    digest = _digest(text, html)
    kept = postgresql.insert(table).values(
        number=number,
        kind=checked_code("the kind of a check", kind),
        passed=passed,
        result=json.loads(text),
        html=html,
        digest=digest,
    )
    if conn.execute(kept.on_conflict_do_nothing().returning(table.c.id)).one_or_none():
        chain.link(conn, keyring, [entry(_event_of(passed), number, actor, {"kind": kind, "digest": digest})])
    return digest


def evidence(conn: Connection, number: str) -> Sequence[Evidence]:
    """All checks of a request, oldest first; the last of a kind is the one that counts."""
    rows = conn.execute(select(table).where(table.c.number == number).order_by(table.c.id))
    return [Evidence(row.kind, row.passed, row.result, row.html, row.digest, row.kept_at) for row in rows]


@dataclass(frozen=True)
class Kept:
    """A check as its digest is made of it: `result` is the JSON text that is stored, to the byte."""

    kind: str
    passed: bool
    result: str = field(repr=False)
    html: str = field(repr=False)
    digest: str
    kept_at: datetime


def kept(conn: Connection, number: str) -> Sequence[Kept]:
    """All checks of a request to the byte, oldest first."""
    columns = (table.c.kind, table.c.passed, cast(table.c.result, Text).label("result"), table.c.html)
    query = select(*columns, table.c.digest, table.c.kept_at).where(table.c.number == number).order_by(table.c.id)
    return [Kept(**row._mapping) for row in conn.execute(query)]


def changed_by_hand(conn: Connection) -> Sequence[str]:
    """Numbers of requests whose evidence was changed, added or removed since its event; read it after `chain.verify`.

    A request that has left the register after its own term takes its evidence along, and is not named.
    """
    vouched = (
        select(event.c.number, event.c.name, event.c.detail["kind"].astext, event.c.detail["digest"].astext)
        .join(request, request.c.number == event.c.number)
        .where(event.c.name.in_((EventName.CHECK_PASSED, EventName.CHECK_FAILED)))
    )
    said = {tuple(row) for row in conn.execute(vouched)}
    columns = (table.c.number, table.c.passed, table.c.kind, table.c.digest, table.c.html)
    query = select(*columns, cast(table.c.result, Text).label("result"))
    rows = conn.execute(query.execution_options(stream_results=True, yield_per=50))
    kept = {
        (row.number, _event_of(row.passed), row.kind, row.digest)
        if row.digest == _digest(row.result, row.html)
        else (row.number, None, row.kind, None)
        for row in rows
    }
    return sorted({number for number, *_ in said ^ kept})


def _event_of(passed: bool) -> EventName:
    return EventName.CHECK_PASSED if passed else EventName.CHECK_FAILED


def _digest(result: str, html: str) -> str:
    """SHA-256 in hex of a check's result, as the JSON text that is stored, and of its page."""
    return hashlib.sha256(b"".join(hashlib.sha256(part.encode()).digest() for part in (result, html))).hexdigest()
