"""All requests at a glance: how many stand where, a page of them, and how they came in and went out by month.

The database counts and sorts; no more rows come out of it than a page shows, however many requests there are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, case, cast, func, literal, or_, select, true
from sqlalchemy import Date as SqlDate

from avgflow.crypto import Keyring
from avgflow.intake import Right
from avgflow.register import clock, requests, subjects
from avgflow.register.requests import Request, Status
from avgflow.register.schema import request

_ZONE = "Europe/Amsterdam"
_PART_OF_NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}")
_CLOSED = request.c.status == Status.CLOSED.value
_ENDED_ON = cast(func.timezone(_ZONE, request.c.changed_at), SqlDate)
"""The Dutch day on which a closed request was closed: it changes no more after that."""


class Stage(StrEnum):
    """What part of the register is looked at."""

    HUMAN = "human"
    """Somebody has to do something."""
    OPEN = "open"
    LATE = "late"
    """Open, and past its last day; not where its clock stands still."""
    CLOSED = "closed"
    ALL = "all"


class Sort(StrEnum):
    """In which order; the last one first where it is said so."""

    DUE = "due"
    RECEIVED = "received"
    NUMBER = "number"
    CHANGED = "changed"


_COLUMNS = {
    Sort.DUE: request.c.due,
    Sort.RECEIVED: request.c.received,
    Sort.NUMBER: request.c.number,
    Sort.CHANGED: request.c.changed_at,
}


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for. `number`: a request's number, or a part of it. `page`: from 1."""

    stage: Stage = Stage.HUMAN
    right: Right | None = None
    number: str = ""
    sort: Sort = Sort.DUE
    descending: bool = False
    page: int = 1


@dataclass(frozen=True)
class Month:
    """The requests that came in within a month (`first` is its first day), by what became of them."""

    first: date
    in_time: int
    late: int
    open: int

    @property
    def received(self) -> int:
        return self.in_time + self.late + self.open


def counts(conn: Connection, today: date, by_itself: Collection[str]) -> Mapping[Stage, int]:
    """How many requests are in each stage; `by_itself`: what a request waits for that nobody has to do anything for."""
    query = select(
        *(
            func.count().filter(_of_stage(stage, today, by_itself)).label(stage.value)
            for stage in Stage
            if stage is not Stage.ALL
        ),
        func.count().label(Stage.ALL.value),
    ).select_from(request)
    row = conn.execute(query).one()
    return {stage: int(row._mapping[stage.value]) for stage in Stage}


def find(conn: Connection, wanted: Wanted, today: date, by_itself: Collection[str], size: int) -> Sequence[Request]:
    """A page of the requests that fit."""
    column = _COLUMNS[wanted.sort]
    order = [column.desc(), request.c.number.desc()] if wanted.descending else [column, request.c.number]
    numbers = (
        select(request.c.number)
        .where(_fitting(wanted, today, by_itself))
        .order_by(*order)
        .limit(size)
        .offset((max(wanted.page, 1) - 1) * size)
    )
    found = [str(number) for (number,) in conn.execute(numbers)]
    by_number = {one.number: one for one in requests.matching(conn, request.c.number.in_(found))} if found else {}
    return [by_number[number] for number in found]


def total(conn: Connection, wanted: Wanted, today: date, by_itself: Collection[str]) -> int:
    """How many requests fit in all."""
    query = select(func.count()).select_from(request).where(_fitting(wanted, today, by_itself))
    return int(conn.execute(query).scalar_one())


def of_person(conn: Connection, keyring: Keyring, kind: str, value: str, limit: int) -> Sequence[Request]:
    """Requests of whoever has this identifier, the newest first: those it was given with, and those in which it was
    found for the person; none for a blank one.
    """
    hashed = subjects.hashes(keyring, {kind: value})
    if not hashed:
        return []
    known = subjects.numbers_of(select(literal(next(iter(hashed)))))
    found = requests.matching(conn, request.c.number.in_(known))
    return list(reversed(found))[:limit]


def months(conn: Connection, first: date, today: date) -> Sequence[Month]:
    """The requests received from a day on by month, the months in which none came in too."""
    month = cast(func.date_trunc("month", request.c.received), SqlDate)
    late = case((_CLOSED, request.c.due < _ENDED_ON), else_=_is_late(today))
    query = (
        select(
            month.label("first"),
            func.count().filter(and_(_CLOSED, ~late)),
            func.count().filter(late),
            func.count().filter(and_(~_CLOSED, ~late)),
        )
        .where(request.c.received >= first)
        .group_by(month)
    )
    counted = {row[0]: Month(row[0], int(row[1]), int(row[2]), int(row[3])) for row in conn.execute(query)}
    span = (today.year - first.year) * 12 + today.month - first.month + 1
    days = [_month_after(first, n) for n in range(span)]
    return [counted.get(day, Month(day, 0, 0, 0)) for day in days]


def _month_after(first: date, months_: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months_, 12)
    return date(year, month + 1, 1)


def _fitting(wanted: Wanted, today: date, by_itself: Collection[str]) -> ColumnElement[bool]:
    return and_(
        _of_stage(wanted.stage, today, by_itself),
        request.c.right == wanted.right.value if wanted.right else true(),
        _of_number(wanted.number),
    )


def _of_stage(stage: Stage, today: date, by_itself: Collection[str]) -> ColumnElement[bool]:
    match stage:
        case Stage.HUMAN:
            asks = and_(request.c.status == Status.WAITING.value, request.c.waiting_for.not_in(by_itself))
            return or_(asks, request.c.status == Status.STOPPED.value)
        case Stage.OPEN:
            return ~_CLOSED
        case Stage.LATE:
            return and_(~_CLOSED, _is_late(today))
        case Stage.CLOSED:
            return _CLOSED
        case Stage.ALL:
            return true()


def _is_late(today: date) -> ColumnElement[bool]:
    """Of an open request: the clock is asked last, for it is the dearest to look up."""
    return and_(request.c.due < today, ~clock.stands_still())


def _of_number(part: str) -> ColumnElement[bool]:
    """A number as people say it: the whole of it, or its last signs (`42`)."""
    given = part.strip().upper()
    if not given:
        return true()
    if not _PART_OF_NUMBER.fullmatch(given):
        return literal(False)
    return or_(request.c.number == given, request.c.number.contains(given, autoescape=True))
