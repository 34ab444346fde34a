"""What portals submitted: which request came of it, and whether something was submitted before.

A portal's key and what it sent are kept as keyed hashes, for as long as the request's case file is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from avgflow.register.schema import submission

_LOCK_CLASS = 0x7375626D  # 'subm': keeps these advisory locks apart from any other's


@dataclass(frozen=True)
class Mark:
    """By what a submission is known again: the portal's login, and the keyed hashes of its key and of the body."""

    account: str
    key: str
    body: str


def earlier(conn: Connection, mark: Mark) -> tuple[str, bool] | None:
    """The request that was submitted under the same key, and whether the body was the same; None where there is none.

    Whoever submits under the same key waits until this transaction ends, so that two at once make one request. Taken
    before any other lock of the register.
    """
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(mark.key, _LOCK_CLASS))))
    row = conn.execute(select(submission).where(*_same_key(mark))).one_or_none()
    return (row.number, row.body_hash == mark.body) if row else None


def put(conn: Connection, number: str, mark: Mark) -> None:
    """Record of a new request how it was submitted."""
    conn.execute(insert(submission).values(number=number, account=mark.account, key_hash=mark.key, body_hash=mark.body))


def is_of(conn: Connection, number: str, account: str) -> bool:
    """Whether a portal submitted this request."""
    query = select(submission.c.number).where(submission.c.number == number, submission.c.account == account)
    return conn.execute(query).one_or_none() is not None


def _same_key(mark: Mark) -> tuple[ColumnElement[Any], ...]:
    return submission.c.account == mark.account, submission.c.key_hash == mark.key
