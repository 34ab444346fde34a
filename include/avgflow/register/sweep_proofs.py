"""What the re-count of a sweep found, as a machine reads it and as a person does; it holds no value of any row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_result
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import EventName
from avgflow.register.schema import sweep_proof as table


@dataclass(frozen=True)
class SweepProof:
    """The result of a re-count, and its page."""

    passed: bool
    result: Mapping[str, Any]
    digest: str
    kept_at: datetime
    html: str = field(repr=False)

    @property
    def failures(self) -> list[str]:
        """Each check that failed, as one line: store, table, check, figures."""
        return [
            f"{store['store']} {table['table']}: {check['text']} ({check['detail']})"
            for store in self.result.get("stores") or ()
            for table in store["tables"]
            for check in table["checks"]
            if not check["passed"]
        ]


def put(conn: Connection, keyring: Keyring, number: str, passed: bool, result: Mapping[str, Any], html: str) -> str:
    """Keep what the re-count of a sweep found, with its event, and return its digest (SHA-256 over both forms)."""
    text = json.dumps(result, sort_keys=True, allow_nan=False)
    checked_result("the result of a re-count", text)
    digest = hashlib.sha256(b"".join(hashlib.sha256(part.encode()).digest() for part in (text, html))).hexdigest()
    kept = postgresql.insert(table).values(
        number=number, passed=passed, result=json.loads(text), html=html, digest=digest
    )
    chain.lock(conn)
    if conn.execute(kept.on_conflict_do_nothing().returning(table.c.id)).one_or_none():
        name = EventName.SWEEP_PROVEN if passed else EventName.SWEEP_NOT_PROVEN
        chain.link(conn, keyring, [entry(name, number, SYSTEM, {"digest": digest})])
    return digest


def newest(conn: Connection, number: str) -> SweepProof | None:
    """The newest re-count of a sweep."""
    query = select(table).where(table.c.number == number).order_by(table.c.id.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return SweepProof(row.passed, row.result, row.digest, row.kept_at, row.html) if row is not None else None
