"""Receipts: proof that a step of a request was done in a store, and how much it touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_code, checked_counts
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import receipt


class Step(StrEnum):
    """What is done in a store; each has an event of its own."""

    COLLECT = "collect"
    ERASE = "erase"
    STOP = "stop"
    CORRECT = "correct"
    RESTRICT = "restrict"
    HAND_OVER = "hand-over"
    """The package went to the person by another way than mail; the 'store' is the privacy officer."""


_EVENTS = {
    Step.COLLECT: EventName.STORE_COLLECTED,
    Step.ERASE: EventName.STORE_ERASED,
    Step.STOP: EventName.STORE_STOPPED,
    Step.CORRECT: EventName.STORE_CORRECTED,
    Step.RESTRICT: EventName.STORE_RESTRICTED,
    Step.HAND_OVER: EventName.ANSWER_HANDED_OVER,
}


def event_of(step: Step) -> EventName:
    """The event of a step that was done in a store."""
    return _EVENTS[step]


Work = Mapping[str, Mapping[str, int]]
"""Rows by table, then by what was done to them (`delete`, `anonymise`, `keep`, …) or what PostgreSQL itself counted."""

COUNTED_INSERTED, COUNTED_UPDATED, COUNTED_DELETED = "counted_inserted", "counted_updated", "counted_deleted"
"""What the transaction changed by PostgreSQL's own counters, cascades and triggers included."""
COUNTED_TOGETHER = "counted_together"
"""Of how many requests that transaction was, where it was of more than one: the counters are of all of them."""


@dataclass(frozen=True)
class Receipt:
    """What a step did in a store: rows per table, and the digest of what came of it.

    `work` says what was done to the rows, where a step does more than one thing; its kept rows are not in `counts`.
    """

    step: str
    store: str
    counts: Mapping[str, int]
    digest: str
    written_at: datetime
    work: Work = field(default_factory=dict)


def put_receipt(
    conn: Connection,
    keyring: Keyring,
    number: str,
    step: Step,
    store: str,
    counts: Mapping[str, int],
    digest: str,
    actor: str = SYSTEM,
    *,
    work: Work | None = None,
) -> Receipt:
    """Write a receipt with its event, and return the one that is on record.

    The first one stands: a second run, of the same or of another result, changes nothing and is told what stands.
    To do a step anew take the receipts back first (`supersede_receipts`).
    """
    locked(conn, number)
    written = postgresql.insert(receipt).values(
        number=number,
        step=Step(step).value,
        store=checked_code("the store of a receipt", store),
        counts=checked_counts("the counts of a receipt", counts),
        digest=checked_code("the digest of a receipt", digest),
        work=None if work is None else _checked(work),
    )
    row = conn.execute(written.on_conflict_do_nothing().returning(receipt)).one_or_none()
    if row is None:
        return _receipt(conn.execute(_current(number).where(receipt.c.step == step, receipt.c.store == store)).one())
    facts = {"store": store, "tables": len(counts), "rows": sum(counts.values()), "digest": digest, **_by_action(work)}
    chain.link(conn, keyring, [entry(_EVENTS[Step(step)], number, actor, facts)])
    return _receipt(row)


def receipts(conn: Connection, number: str) -> Sequence[Receipt]:
    """The current receipts of a request, in the order in which they were written."""
    return [_receipt(row) for row in conn.execute(_current(number).order_by(receipt.c.id))]


def ever_written(conn: Connection, number: str, step: Step) -> frozenset[tuple[str, str]]:
    """Store and digest of each receipt that a step ever had, of those too that are set aside."""
    rows = conn.execute(
        select(receipt.c.store, receipt.c.digest).where(receipt.c.number == number, receipt.c.step == step)
    )
    return frozenset((row.store, row.digest) for row in rows)


def with_step(conn: Connection, step: Step, numbers: Collection[str]) -> set[str]:
    """Those of the requests that have a current receipt of this step."""
    current = (receipt.c.number.in_(numbers), receipt.c.step == step.value, receipt.c.superseded_at.is_(None))
    return set(conn.execute(select(receipt.c.number).where(*current)).scalars())


def written(conn: Connection, step: Step, numbers: Collection[str]) -> Mapping[str, datetime]:
    """When the first current receipt of this step was written, for those of the requests that have one."""
    current = (receipt.c.number.in_(numbers), receipt.c.step == step.value, receipt.c.superseded_at.is_(None))
    query = select(receipt.c.number, func.min(receipt.c.written_at)).where(*current).group_by(receipt.c.number)
    return {row[0]: row[1] for row in conn.execute(query)}


def supersede_receipts(conn: Connection, keyring: Keyring, number: str, actor: str = SYSTEM) -> int:
    """Set a request's receipts aside, so that its steps are done anew, with the event; returns how many.

    They stay on the register; nothing happens where there are none.
    """
    locked(conn, number)
    aside = conn.execute(
        update(receipt)
        .where(receipt.c.number == number, receipt.c.superseded_at.is_(None))
        .values(superseded_at=func.clock_timestamp())
    ).rowcount
    if aside:
        chain.link(conn, keyring, [entry(EventName.RECEIPTS_SUPERSEDED, number, actor, {"receipts": aside})])
    return aside


def _current(number: str) -> Any:
    return select(receipt).where(receipt.c.number == number, receipt.c.superseded_at.is_(None))


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(row.step, row.store, row.counts, row.digest, row.written_at, row.work or {})


def _checked(work: Work) -> dict[str, dict[str, int]]:
    return {
        checked_code("a table of a receipt", table): checked_counts("the work of a receipt", actions)
        for table, actions in work.items()
    }


def _by_action(work: Work | None) -> dict[str, int]:
    """Rows of all tables together by what was done to them, for the event."""
    total: Counter[str] = Counter()
    for actions in (work or {}).values():
        total.update({action: rows for action, rows in actions.items() if action != COUNTED_TOGETHER})
    return dict(total)
