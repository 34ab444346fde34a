"""Sweeps on the register: what was counted beforehand, who allowed it, how far it is, and how it ended.

A sweep is known by the run that made it, so that a run that is killed and begun again goes on with its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import EventName
from avgflow.register.schema import sweep as table
from avgflow.register.schema import sweep_part, sweep_rule


class SweepStatus(StrEnum):
    """Where a sweep stands."""

    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    WAITING = "waiting"
    """For a human, who approves or refuses what the preview found."""
    APPROVED = "approved"
    """By a human, or because nothing asked for one."""
    RUNNING = "running"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAILED = "failed"
    """It ended, and the re-count did not prove it."""
    DONE = "done"


ENDED = frozenset({SweepStatus.STOPPED, SweepStatus.REFUSED, SweepStatus.FAILED, SweepStatus.DONE})


class UnknownSweep(AvgflowError):
    """No sweep has this number."""

    def __init__(self) -> None:
        super().__init__("There is no such sweep. `avgflow retention list` shows those there are.")


class SweepEnded(AvgflowError):
    """A sweep was to be decided on or carried out that is at its end."""

    def __init__(self, number: str, status: SweepStatus) -> None:
        super().__init__(f"{number} is at its end ({status}); the next sweep counts anew what is past its term.")


class NotAllowed(AvgflowError):
    """A sweep was to be carried out that nobody allowed yet."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Nothing was changed: {number} waits to be approved. `avgflow retention show {number}` says why."
        )


class AnotherPreview(AvgflowError):
    """Another preview was to be approved than the sweep has."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"This is not what {number} has counted. Look at `avgflow retention show {number}` and give the twelve "
            f"signs that stand below it."
        )


@dataclass(frozen=True)
class Sweep:
    """A sweep. `day`: the day on which what it takes is past its term; `fingerprint`: of catalog and policy; `digest`:
    of all that the preview found (None before); `asks`: why a human must look (see `avgflow.sweep.caps.Ask`).
    """

    number: str
    run: str
    day: date
    status: SweepStatus
    fingerprint: str
    digest: str | None
    asks: Sequence[Mapping[str, Any]] | None
    begun_at: datetime
    previewed_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    stop_asked_by: str | None
    stop_asked_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Found:
    """What a preview found by one rule in one table; `figures` as `avgflow.sweep.figures.Figures` writes them."""

    store: str
    table: str
    code: str
    record_class: str
    action: str
    rows: int
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Progress:
    """How far a sweep is in one store: parts and rows; `changed`: rows that were changed so far."""

    store: str
    parts: int
    parts_done: int
    rows: int
    rows_done: int
    changed: int


_SHOWN = [table.c[name] for name in Sweep.__dataclass_fields__]


def begin(conn: Connection, keyring: Keyring, run: str, day: date, fingerprint: str, actor: str = SYSTEM) -> Sweep:
    """The sweep of a run, made with its event if it is not there yet."""
    chain.lock(conn)
    known = conn.execute(select(*_SHOWN).where(table.c.run == run)).one_or_none()
    if known is not None:
        return _sweep(known)
    year = day.year
    last = conn.execute(
        select(func.max(table.c.number)).where(table.c.number.like(f"sweep-{year}-%"))
    ).scalar_one_or_none()
    number = f"sweep-{year}-{int(last.rpartition('-')[2]) + 1 if last else 1:05d}"
    row = conn.execute(
        insert(table)
        .values(number=number, run=run, day=day, status=SweepStatus.PREVIEWING.value, fingerprint=fingerprint)
        .returning(*_SHOWN)
    ).one()
    facts = {"day": day.isoformat(), "fingerprint": checked_code("the fingerprint of a sweep", fingerprint)}
    chain.link(conn, keyring, [entry(EventName.SWEEP_BEGUN, number, actor, facts)])
    return _sweep(row)


def previewed(
    conn: Connection, keyring: Keyring, number: str, digest: str, asks: Sequence[Mapping[str, Any]], rows: int
) -> None:
    """Put on record what the preview comes to, with the event; the rules and parts are written before, in the same
    transaction.
    """
    chain.lock(conn)
    conn.execute(
        update(table)
        .where(table.c.number == number, table.c.status == SweepStatus.PREVIEWING.value)
        .values(
            status=SweepStatus.PREVIEWED.value,
            digest=checked_code("the digest of a sweep", digest),
            asks=list(asks),
            previewed_at=func.clock_timestamp(),
        )
    )
    reasons = sorted({str(ask["why"]) for ask in asks})
    facts = {"digest": digest, "rows": rows, "asks": reasons}
    chain.link(conn, keyring, [entry(EventName.SWEEP_PREVIEWED, number, SYSTEM, facts)])


def wait(conn: Connection, keyring: Keyring, number: str) -> None:
    """Put on record that a human must look, with the event; again changes nothing."""
    _move(conn, keyring, number, {SweepStatus.PREVIEWED}, SweepStatus.WAITING, EventName.SWEEP_WAITING, SYSTEM)


def approve(conn: Connection, keyring: Keyring, number: str, digest: str | None, actor: str) -> Sweep:
    """Allow what the preview found, with the event; `digest`: its first twelve signs or more, None: by nobody, for
    nothing asked for a human. `AnotherPreview`, `SweepEnded`.
    """
    held = get(conn, number)
    if digest is not None and (len(digest) < 12 or not (held.digest or "").startswith(digest)):
        raise AnotherPreview(number)
    if digest is None and held.asks:
        raise AnotherPreview(number)
    _decide(conn, keyring, held, SweepStatus.APPROVED, EventName.SWEEP_APPROVED, actor)
    return get(conn, number)


def refuse(conn: Connection, keyring: Keyring, number: str, actor: str) -> Sweep:
    """End a sweep before it changed anything, with the event; `SweepEnded`."""
    _decide(conn, keyring, get(conn, number), SweepStatus.REFUSED, EventName.SWEEP_REFUSED, actor)
    return get(conn, number)


def ask_to_stop(conn: Connection, keyring: Keyring, number: str, actor: str) -> Sweep:
    """Have a sweep stop before its next transaction, with the event; again changes nothing. `SweepEnded`."""
    chain.lock(conn)
    held = get(conn, number)
    if held.status in ENDED:
        raise SweepEnded(number, held.status)
    if held.stop_asked_at is None:
        conn.execute(
            update(table)
            .where(table.c.number == number)
            .values(stop_asked_by=checked_actor(actor), stop_asked_at=func.clock_timestamp())
        )
        chain.link(conn, keyring, [entry(EventName.SWEEP_STOP_ASKED, number, actor)])
    return get(conn, number)


def running(conn: Connection, number: str) -> None:
    """An approved sweep begins to change stores; `SweepEnded` and `NotAllowed` where it may not."""
    held = get(conn, number)
    if held.status in ENDED:
        raise SweepEnded(number, held.status)
    if held.status not in (SweepStatus.APPROVED, SweepStatus.RUNNING):
        raise NotAllowed(number)
    conn.execute(
        update(table)
        .where(table.c.number == number, table.c.status == SweepStatus.APPROVED.value)
        .values(status=SweepStatus.RUNNING.value)
    )


def end(conn: Connection, keyring: Keyring, number: str, status: SweepStatus, facts: Mapping[str, object]) -> Sweep:
    """Put the end of a sweep on record, with the event; an end that is on record stands."""
    name = EventName.SWEEP_STOPPED if status is SweepStatus.STOPPED else EventName.SWEEP_ENDED
    detail = {"status": status.value, **facts}
    _move(conn, keyring, number, set(SweepStatus) - ENDED, status, name, SYSTEM, detail)
    return get(conn, number)


def get(conn: Connection, number: str) -> Sweep:
    """A sweep by its number; `UnknownSweep`."""
    row = conn.execute(select(*_SHOWN).where(table.c.number == number)).one_or_none()
    if row is None:
        raise UnknownSweep
    return _sweep(row)


def of_run(conn: Connection, run: str) -> Sweep | None:
    """The sweep of a run."""
    row = conn.execute(select(*_SHOWN).where(table.c.run == run)).one_or_none()
    return _sweep(row) if row is not None else None


def list_(conn: Connection, limit: int | None = None) -> Sequence[Sweep]:
    """The sweeps, the newest first."""
    query = select(*_SHOWN).order_by(table.c.begun_at.desc(), table.c.number.desc()).limit(limit)
    return [_sweep(row) for row in conn.execute(query)]


def put_found(conn: Connection, number: str, found: Iterable[Found]) -> None:
    """Write what a preview found, by rule."""
    rows = [
        {"number": number, "table_name": one.table, **{k: v for k, v in vars(one).items() if k != "table"}}
        for one in found
    ]
    if rows:
        conn.execute(insert(sweep_rule), rows)


def found(conn: Connection, number: str) -> Sequence[Found]:
    """What a preview found, by store, table and rule."""
    query = (
        select(sweep_rule)
        .where(sweep_rule.c.number == number)
        .order_by(sweep_rule.c.store, sweep_rule.c.table_name, sweep_rule.c.code)
    )
    return [
        Found(row.store, row.table_name, row.code, row.record_class, row.action, row.rows, row.figures)
        for row in conn.execute(query)
    ]


def progress(conn: Connection, number: str) -> Sequence[Progress]:
    """How far a sweep is, by store."""
    part = sweep_part.c
    is_done = part.done_at.is_not(None)
    query = (
        select(
            part.store,
            func.count(),
            func.count().filter(is_done),
            func.coalesce(func.sum(part.rows), 0),
            func.coalesce(func.sum(part.rows).filter(is_done), 0),
            func.coalesce(func.sum(part.changed).filter(is_done), 0),
        )
        .where(part.number == number)
        .group_by(part.store)
        .order_by(part.store)
    )
    return [Progress(store, *(int(figure) for figure in figures)) for store, *figures in conn.execute(query)]


def changed(conn: Connection, number: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    """By store, table and rule: the rows that the sweep was to change in parts that are done, and those it did."""
    part = sweep_part.c
    query = (
        select(part.store, part.table_name, part.code, func.sum(part.rows), func.sum(part.changed))
        .where(part.number == number, part.done_at.is_not(None))
        .group_by(part.store, part.table_name, part.code)
    )
    return {(row[0], row[1], row[2]): (int(row[3]), int(row[4])) for row in conn.execute(query)}


def _decide(conn: Connection, keyring: Keyring, held: Sweep, status: SweepStatus, name: EventName, actor: str) -> None:
    if held.status is status:
        return
    if held.status not in (SweepStatus.PREVIEWED, SweepStatus.WAITING):
        raise SweepEnded(held.number, held.status)
    moved = _move(conn, keyring, held.number, {held.status}, status, name, actor, {"digest": str(held.digest)})
    if moved and status is SweepStatus.REFUSED:
        conn.execute(update(table).where(table.c.number == held.number).values(ended_at=func.clock_timestamp()))
    conn.execute(
        update(table)
        .where(table.c.number == held.number)
        .values(decided_by=checked_actor(actor), decided_at=func.clock_timestamp())
    )


def _move(
    conn: Connection,
    keyring: Keyring,
    number: str,
    before: Iterable[SweepStatus],
    after: SweepStatus,
    name: EventName,
    actor: str,
    facts: Mapping[str, object] | None = None,
) -> bool:
    chain.lock(conn)
    values: dict[str, Any] = {"status": after.value}
    if after in ENDED:
        values["ended_at"] = func.clock_timestamp()
    moved = conn.execute(
        update(table)
        .where(table.c.number == number, table.c.status.in_([status.value for status in before]))
        .values(**values)
        .returning(table.c.number)
    ).one_or_none()
    if moved is not None:
        chain.link(conn, keyring, [entry(name, number, actor, facts)])
    return moved is not None


def _sweep(row: Row[Any]) -> Sweep:
    return Sweep(**{**row._mapping, "status": SweepStatus(row.status)})
