"""The order in which the register's rows are locked, so that transactions wait for each other and never deadlock.

A transaction that writes for a request locks that request's row first and the head of the event chain last. One that
writes for several requests locks them all at its start (`lock`), in order of number. Rows that hang on no request
(holds, suppressions) come after the head of the chain (`chain.lock`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from avgflow.errors import AvgflowError
from avgflow.register.schema import request

SHOWN = [column for column in request.c if column is not request.c.subject_sealed]
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
