"""Evidence: what a check found, as a machine reads it and as a person does. It holds no value of any row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_code, checked_result
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
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
    text = checked_result(f"the result of the check '{kind}'", json.dumps(result, sort_keys=True, ensure_ascii=False))
    digest = digest_of(text, html)
    kept = postgresql.insert(table).values(
        number=number,
        kind=checked_code("the kind of a check", kind),
        passed=passed,
        result=dict(result),
        html=html,
        digest=digest,
    )
    if conn.execute(kept.on_conflict_do_nothing().returning(table.c.id)).one_or_none():
        name = EventName.CHECK_PASSED if passed else EventName.CHECK_FAILED
        chain.link(conn, keyring, [entry(name, number, actor, {"kind": kind, "digest": digest})])
    return digest


def evidence(conn: Connection, number: str) -> Sequence[Evidence]:
    """All checks of a request, oldest first; the last of a kind is the one that counts."""
    rows = conn.execute(select(table).where(table.c.number == number).order_by(table.c.id))
    return [Evidence(row.kind, row.passed, row.result, row.html, row.digest, row.kept_at) for row in rows]


def digest_of(result: str, html: str) -> str:
    """SHA-256 in hex of a check's result (JSON with sorted keys) and of its page."""
    return hashlib.sha256(hashlib.sha256(result.encode()).digest() + hashlib.sha256(html.encode()).digest()).hexdigest()
