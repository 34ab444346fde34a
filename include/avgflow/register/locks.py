"""The order in which the register's rows are locked, so that transactions wait for each other and never deadlock.

A transaction that writes for a request locks that request's row first and the head of the event chain last. One that
writes for several requests locks them all at its start (`lock`), in order of number. Rows that hang on no request
(holds, suppressions) come after the head of the chain (`chain.lock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from avgflow.errors import AvgflowError
from avgflow.register.database import named_faults
from avgflow.register.schema import request

SHOWN = [column for column in request.c if not column.name.endswith("_sealed")]
"""The columns of a request that anyone may see."""


class UnknownRequest(AvgflowError):
    """No request has this number."""

    def __init__(self, number: str) -> None:
        # A mistyped number may be anything, also an address; only what looks like a number is repeated.
        known_form = (
            number if number.startswith("AVG-") and number[4:].replace("-", "").isdigit() else "with that number"
        )
        super().__init__(f"There is no request {known_form}. `avgflow request list` shows those there are.")


def lock(conn: Connection, numbers: Iterable[str]) -> None:
    """Hold the rows of these requests until the transaction ends; `UnknownRequest` names the first that is missing."""
    wanted = sorted(set(numbers))
    held = conn.execute(
        select(request.c.number)
        .where(request.c.number.in_(wanted))
        .order_by(request.c.number)
        .with_for_update(key_share=True)
    )
    missing = set(wanted) - {row.number for row in held}
    if missing:
        raise UnknownRequest(min(missing))


def locked(conn: Connection, number: str) -> Row[Any]:
    """The row of a request, held until the transaction ends; `UnknownRequest` where there is none."""
    row = conn.execute(select(*SHOWN).where(request.c.number == number).with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise UnknownRequest(number)
    return row


class WorkBusy(AvgflowError):
    """Another worker does this very work; worth another try later."""

    def __init__(self) -> None:
        super().__init__("Another worker does this very work. It is tried again; nothing was done twice.")


_LOCK_CLASS = 0x776F726B  # 'work': keeps these advisory locks apart from any other's
_LONGEST_WAIT = "30s"
_LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def alone(engine: Engine, work: Iterable[str]) -> Iterator[None]:
    """Keep every other worker from these pieces of work; the locks are the session's, so they go when the process dies.

    No transaction stays open meanwhile. `WorkBusy` where another worker is at it for too long.
    """
    with ExitStack() as stack:
        with named_faults():
            conn = stack.enter_context(engine.connect())
            # Closed, not given back to the pool: so the locks are gone whatever happens.
            close = stack.enter_context(ExitStack())
            close.callback(conn.invalidate)
            _take(conn, work)
        yield
        # Given back where the locks are surely gone: a new connection costs as much as a small piece of work.
        with suppress(DBAPIError):
            with conn.begin():
                conn.execute(select(func.pg_advisory_unlock_all()))
            close.pop_all()


def _take(conn: Connection, work: Iterable[str]) -> None:
    try:
        with conn.begin():
            conn.execute(select(func.set_config("lock_timeout", _LONGEST_WAIT, True)))
            for name in sorted(set(work)):
                conn.execute(select(func.pg_advisory_lock(func.hashtextextended(name, _LOCK_CLASS))))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise WorkBusy from None
        raise
