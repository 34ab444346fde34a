"""The clock of requests: pauses, extensions and missed days, as the events tell, and the days that follow from them.

What happened to a term stands in the chain, where nobody can change it; the days on the request's row follow from that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, func, select, update

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.events import SYSTEM, Event, entry, of_requests
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import event, request
from avgflow.terms import Hold, Term


class Missed(StrEnum):
    """What was not done in time."""

    EXTENSION = "extension-asked-late"
    NOTICE = "notice-of-extension-late"
    ANSWER = "no-answer"


@dataclass(frozen=True)
class Clock:
    """What happened to one request's term.

    `asked`: the day of a question to the person that is not answered yet; `extended_from`: the day on which the answer
    would have been due without the extension that stands; `missed`: the days that passed, each with what was late.
    """

    holds: tuple[Hold, ...] = ()
    asked: date | None = None
    extended_from: date | None = None
    missed: frozenset[tuple[date, str]] = frozenset()

    @property
    def extended(self) -> bool:
        """Whether the term is extended, and the extension stands."""
        return self.extended_from is not None

    def pauses(self, day: date) -> tuple[Hold, ...]:
        """The pauses, as if a question that is still open were answered on this day."""
        running = (Hold(self.asked, day),) if self.asked and self.asked <= day else ()
        return (*self.holds, *running)


_TELLING = (EventName.CLOCK_STOPPED, EventName.CLOCK_RESUMED, EventName.REQUEST_EXTENDED, EventName.TERM_MISSED)


def of(conn: Connection, numbers: Collection[str]) -> dict[str, Clock]:
    """The clock of each of these requests."""
    told: dict[str, list[Event]] = defaultdict(list)
    for one in of_requests(conn, numbers, _TELLING):
        told[str(one.number)].append(one)
    return {number: read(told[number]) for number in numbers}


def read(history: Sequence[Event]) -> Clock:
    """The clock that a request's events tell of."""
    holds: list[Hold] = []
    asked = extended_from = None
    missed: set[tuple[date, str]] = set()
    for one in history:
        detail = one.detail
        match one.name:
            case EventName.CLOCK_STOPPED:
                asked = date.fromisoformat(detail["asked"])
            case EventName.CLOCK_RESUMED:
                holds.append(Hold(date.fromisoformat(detail["asked"]), date.fromisoformat(detail["answered"])))
                asked = None
            case EventName.REQUEST_EXTENDED:
                extended_from = date.fromisoformat(detail["before"])
            case EventName.TERM_MISSED:
                missed.add((date.fromisoformat(detail["due"]), detail["what"]))
                if detail["what"] == Missed.NOTICE:
                    extended_from = None
    return Clock(tuple(holds), asked, extended_from, frozenset(missed))


def stands_still() -> ColumnElement[bool]:
    """Of a row of `request`: whether its person was asked something and has not answered, so that no day of it passes.

    The days on the row are those of before the question; whoever counts what is late leaves such a row out.
    """
    told = (EventName.CLOCK_STOPPED.value, EventName.CLOCK_RESUMED.value)
    last = (
        select(event.c.name)
        .where(event.c.number == request.c.number, event.c.name.in_(told))
        .order_by(event.c.id.desc())
        .limit(1)
        .correlate(request)
        .scalar_subquery()
    )
    return func.coalesce(last == EventName.CLOCK_STOPPED.value, False)


def counted(conn: Connection, keyring: Keyring, number: str, term: Term, actor: str = SYSTEM) -> None:
    """Put on record by which reading a request's days were counted."""
    locked(conn, number)
    chain.link(conn, keyring, [entry(EventName.TERM_COUNTED, number, actor, _days(term))])


def stop(conn: Connection, keyring: Keyring, number: str, asked: date, actor: str) -> None:
    """Stop the clock of a request: the person was asked on this day for what must come first."""
    locked(conn, number)
    chain.link(conn, keyring, [entry(EventName.CLOCK_STOPPED, number, actor, {"asked": asked.isoformat()})])


def resume(conn: Connection, keyring: Keyring, number: str, hold: Hold, term: Term, actor: str) -> None:
    """Let the clock of a request run again after a pause; its days become those of the term."""
    locked(conn, number)
    pause = {"asked": hold.asked.isoformat(), "answered": hold.answered.isoformat(), "days": hold.days}
    due = term.extended_due if of(conn, [number])[number].extended else term.due
    chain.link(
        conn,
        keyring,
        [
            entry(EventName.CLOCK_RESUMED, number, actor, {**pause, "due": due.isoformat()}),
            entry(EventName.TERM_COUNTED, number, actor, _days(term)),
        ],
    )
    _set(conn, number, due, term.extended_due)


def extend(
    conn: Connection, keyring: Keyring, number: str, term: Term, reason: str, actor: str, detail: Mapping[str, object]
) -> None:
    """Extend a request's term; `reason` is a code."""
    locked(conn, number)
    days = {"before": term.due.isoformat(), "due": term.extended_due.isoformat()}
    chain.link(conn, keyring, [entry(EventName.REQUEST_EXTENDED, number, actor, {"reason": reason, **days, **detail})])
    _set(conn, number, term.extended_due, term.extended_due)


def miss(conn: Connection, keyring: Keyring, number: str, due: date, what: Missed, actor: str = SYSTEM) -> bool:
    """Put on record, once, that something was not done by its day; a late notice undoes the extension.

    False where it is on record already.
    """
    held = locked(conn, number)
    if (due, what.value) in of(conn, [number])[number].missed:
        return False
    detail = {"what": what.value, "due": due.isoformat()}
    chain.link(conn, keyring, [entry(EventName.TERM_MISSED, number, actor, detail)])
    if what is Missed.NOTICE:
        _set(conn, number, due, held.extended_due)
    return True


def _set(conn: Connection, number: str, due: date, extended_due: date) -> None:
    # `changed_at` stays: it says since when a request stands where it stands.
    conn.execute(update(request).where(request.c.number == number).values(due=due, extended_due=extended_due))


def _days(term: Term) -> dict[str, object]:
    return {**term.reading, "due": term.due.isoformat(), "safe": term.safe.isoformat()}
