"""A few figures of the register for whoever watches the installation: how many, how late, how long; of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from avgflow.intake import Right
from avgflow.register import clock
from avgflow.register.names import EventName
from avgflow.register.requests import Status
from avgflow.register.schema import event, evidence, mail, request, sweep_part

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """The state of a register at one moment.

    `open`: requests that are not closed, by right; `waiting`: of these, for a human or another request; `stopped`: of
    these, stopped; `late`: of these, past their last day; `days_left`: until the nearest last day of an open request
    whose clock runs, negative where it is over, None where there is none; `unproven`: open requests whose last check
    did not pass;
    `unsent`: mails that no mail server took yet; `unsent_minutes`: since when the oldest of them stands there, 0 where
    there is none; `swept`: rows that sweeps deleted or emptied in the last seven days.
    """

    open: dict[Right, int]
    waiting: int
    stopped: int
    late: int
    days_left: int | None
    unproven: int
    unsent: int
    unsent_minutes: int
    swept: int

    def gauges(self) -> Iterator[tuple[str, float, dict[str, str]]]:
        """Name, value and tags of each figure; a figure that there is none of now is left out."""
        for right, number in self.open.items():
            yield "avgflow.requests.open", number, {"right": right.value}
        yield "avgflow.requests.waiting", self.waiting, {}
        yield "avgflow.requests.stopped", self.stopped, {}
        yield "avgflow.requests.late", self.late, {}
        if self.days_left is not None:
            yield "avgflow.requests.days_left", self.days_left, {}
        yield "avgflow.checks.failed", self.unproven, {}
        yield "avgflow.mails.unsent", self.unsent, {}
        yield "avgflow.mails.oldest_minutes", self.unsent_minutes, {}
        yield "avgflow.sweeps.rows_last_week", self.swept, {}


def figures(conn: Connection, today: date, now: datetime) -> Figures:
    """The figures at a moment; `today` is the Dutch day."""
    open_ = request.c.status != Status.CLOSED.value
    by_right = conn.execute(select(request.c.right, func.count()).where(open_).group_by(request.c.right))
    counted = {str(right): int(number) for right, number in by_right}
    waiting, stopped, late, nearest = conn.execute(
        select(
            func.count().filter(request.c.status == Status.WAITING.value),
            func.count().filter(request.c.status == Status.STOPPED.value),
            func.count().filter((request.c.due < today) & ~clock.stands_still()),
            func.min(request.c.due).filter(~clock.stands_still()),
        ).where(open_)
    ).one()
    newest = (
        select(evidence.c.passed)
        .select_from(evidence.join(request, request.c.number == evidence.c.number))
        .where(open_)
        .ext(distinct_on(evidence.c.number))
        .order_by(evidence.c.number, evidence.c.id.desc())
        .subquery()
    )
    unproven = conn.execute(select(func.count()).select_from(newest).where(~newest.c.passed)).scalar_one()
    unsent, oldest = conn.execute(
        select(func.count(), func.min(mail.c.queued_at)).where(mail.c.accepted_at.is_(None))
    ).one()
    swept = conn.execute(
        select(func.coalesce(func.sum(sweep_part.c.changed), 0)).where(sweep_part.c.done_at >= now - WEEK)
    ).scalar_one()
    return Figures(
        open={right: counted.get(right.value, 0) for right in Right},
        waiting=int(waiting),
        stopped=int(stopped),
        late=int(late),
        days_left=(nearest - today).days if nearest else None,
        unproven=int(unproven),
        unsent=int(unsent),
        unsent_minutes=max(int((now - oldest).total_seconds() // 60), 0) if oldest else 0,
        swept=int(swept),
    )


def last(conn: Connection, name: EventName) -> datetime | None:
    """When something last happened that is of no single request; None where it never did."""
    query = select(event.c.at).where(event.c.number.is_(None), event.c.name == name.value)
    return conn.execute(query.order_by(event.c.id.desc()).limit(1)).scalar_one_or_none()
