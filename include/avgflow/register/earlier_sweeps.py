"""What earlier sweeps were, by which the next one knows whether it must ask."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from sqlalchemy import Column, Connection, Select, func, select

from avgflow.register.schema import sweep as table
from avgflow.register.schema import sweep_part
from avgflow.register.sweeps import SweepStatus
from avgflow.sweep.caps import ENOUGH

Value = TypeVar("Value")

_APPROVED = table.c.decided_at.is_not(None) & (table.c.status != SweepStatus.REFUSED.value)


def last_fingerprint(conn: Connection) -> str | None:
    """That of the sweep that was approved last; None where none ever was."""
    return conn.execute(_of_last_approved(table.c.fingerprint)).scalar_one_or_none()


def last_day(conn: Connection) -> date | None:
    """The day of the sweep that was approved last; None where none ever was."""
    return conn.execute(_of_last_approved(table.c.day)).scalar_one_or_none()


def _of_last_approved(column: Column[Value]) -> Select[Value]:
    decided_last = (table.c.decided_at.desc(), table.c.number.desc())
    return select(column).where(_APPROVED).order_by(*decided_last).limit(1)


def last_stopped(conn: Connection) -> str | None:
    """The number of the last sweep, where that was stopped or not proven; None where it ended well.

    One that is refused does not make up for it: only one that a human has approved since does.
    """
    ended_so = table.c.status.in_([SweepStatus.STOPPED.value, SweepStatus.FAILED.value])
    query = (
        select(table.c.number, ended_so)
        .where(ended_so | _APPROVED)
        .order_by(table.c.begun_at.desc(), table.c.number.desc())
        .limit(1)
    )
    last = conn.execute(query).one_or_none()
    return last[0] if last is not None and last[1] else None


def last_taken(conn: Connection) -> date | None:
    """The day of the last sweep that changed a row, of the first that was carried out where none did, else None."""
    took = select(sweep_part.c.number).where(sweep_part.c.changed > 0)
    day = conn.execute(select(func.max(table.c.day)).where(table.c.number.in_(took))).scalar_one_or_none()
    if day is None:
        done = table.c.status == SweepStatus.DONE.value
        day = conn.execute(select(func.min(table.c.day)).where(done)).scalar_one_or_none()
    return day


def usual(conn: Connection, weeks: int = 12) -> dict[tuple[str, str, str], float]:
    """By store, table and rule: the median of the rows that it took in the last sweeps that took any.

    A rule that took some in fewer than `caps.ENOUGH` sweeps has no usual week yet.
    """
    part = sweep_part.c
    by_sweep = (
        select(part.store, part.table_name, part.code, part.number, func.sum(part.changed).label("rows"))
        .where(part.done_at.is_not(None), part.changed > 0)
        .group_by(part.store, part.table_name, part.code, part.number)
        .subquery()
    )
    numbered = select(
        by_sweep,
        func.row_number()
        .over(
            partition_by=(by_sweep.c.store, by_sweep.c.table_name, by_sweep.c.code), order_by=by_sweep.c.number.desc()
        )
        .label("back"),
    ).subquery()
    query = (
        select(
            numbered.c.store,
            numbered.c.table_name,
            numbered.c.code,
            func.percentile_cont(0.5).within_group(numbered.c.rows),
        )
        .where(numbered.c.back <= weeks)
        .group_by(numbered.c.store, numbered.c.table_name, numbered.c.code)
        .having(func.count() >= ENOUGH)
    )
    return {(row[0], row[1], row[2]): float(row[3]) for row in conn.execute(query)}
