"""What is due when: pure selection from where the open requests stand, for the daily watch and the command line.

A request is named once, where it is most urgent. Days are days of the calendar; the alarm is raised on working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from avgflow.breach import NEAR
from avgflow.catalog.models import Text
from avgflow.intake import Right
from avgflow.terms import Calendar, last_working_day_before

BANDS = (2, 5, 10)
"""Due within so many days, the most urgent first."""

STUCK = timedelta(hours=1)
"""A mail that the mail server has not accepted for so long is named and tried again: longer than a server rests."""


@dataclass(frozen=True)
class Standing:
    """Where an open request stands; nothing of the person.

    `due` counts a question that is still open as if it were answered today. `since`: the day since which it has this
    state. `waits_for`: whom or what for, where it waits. `asked`: the day since which its clock stands still.
    `answered`: the answer went out, and only closing is left.
    """

    number: str
    right: Right
    received: date
    due: date
    safe: date
    status: str
    since: date
    waiting_for: str | None = None
    waits_for: Text | None = None
    extended: bool = False
    asked: date | None = None
    answered: bool = False

    def left(self, today: date) -> int:
        """Days until it is due; negative where it is late."""
        return (self.due - today).days


@dataclass(frozen=True)
class Unsent:
    """A mail that waits in the outbox; `urgent`: it has to be there by a day, so it is named at once."""

    message_id: str
    number: str | None
    kind: str
    since: datetime
    attempts: int
    failure: str | None
    urgent: bool = False


@dataclass(frozen=True)
class BreachClock:
    """A breach that is not closed (art. 33); nothing of the person.

    `due`: when the 72 hours end. `settled`: the authority was told, or it is on record why not. `complete`: all that is
    asked is on record, and it only has to be closed.
    """

    id: int
    number: str
    due: datetime
    settled: bool = False
    complete: bool = False

    def hours(self, now: datetime) -> int:
        """Whole hours left of the 72; negative where they are over."""
        return int((self.due - now).total_seconds() // 3600)

    def alarming(self, now: datetime) -> bool:
        """Whether the authority must be told now, or should have been."""
        return not self.settled and self.due - now <= NEAR


class SweepTrouble(StrEnum):
    """Why a sweep is named: it waits for a human, it did not end well, or none has run for too long."""

    WAITING = "waiting"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class SweepStanding:
    """A sweep that a human must look at; `number`: None where none has run. `since`: the day since which it is so, None
    where there never was one. `until`: the last day to answer, where it waits.
    """

    why: SweepTrouble
    number: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Unwell:
    """A part of the installation that is not well: what is wrong with it, and what to do."""

    name: Text
    said: Text


@dataclass(frozen=True)
class Deadlines:
    """What there is to say on one day; every request stands in one of these, the latest due day last.

    `within`: due within so many days, each of `BANDS`. `alarming`: late, or lost unless it is answered now; these stand
    in `overdue` or `within` as well. `later`: nothing to be done about them yet. `breaches`: those that are not closed,
    the one whose hours end first before the others. `sweeps`: those of the retention that a human must look at.
    `unwell`: what else of the installation is not well, where that was looked at.
    """

    today: date
    now: datetime
    overdue: tuple[Standing, ...] = ()
    within: Mapping[int, tuple[Standing, ...]] = field(default_factory=dict)
    waiting: tuple[Standing, ...] = ()
    stopped: tuple[Standing, ...] = ()
    later: tuple[Standing, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    alarming: tuple[Standing, ...] = ()
    breaches: tuple[BreachClock, ...] = ()
    sweeps: tuple[SweepStanding, ...] = ()
    unwell: tuple[Unwell, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is anything to tell the privacy officer."""
        requests = self.overdue or any(self.within.values()) or self.waiting or self.stopped
        return bool(requests or self.unsent or self.breaches or self.sweeps or self.unwell)

    @property
    def alarming_breaches(self) -> tuple[BreachClock, ...]:
        """The breaches of which the authority must be told now, or should have been."""
        return tuple(one for one in self.breaches if one.alarming(self.now))

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, as codes."""
        bands = {f"within_{days}": len(found) for days, found in self.within.items()}
        names = ("waiting", "stopped", "later", "unsent", "alarming", "breaches", "sweeps", "unwell")
        rest = {name: len(getattr(self, name)) for name in names}
        return {"overdue": len(self.overdue), **bands, **rest}


def select(
    standings: Iterable[Standing],
    unsent: Sequence[Unsent],
    now: datetime,
    calendar: Calendar,
    breaches: Sequence[BreachClock] = (),
    sweeps: Sequence[SweepStanding] = (),
    unwell: Sequence[Unwell] = (),
) -> Deadlines:
    """Sort open requests by what is to be done about them; `now` in Dutch time, whose day counts."""
    today = now.date()
    groups: dict[str | int, list[Standing]] = {name: [] for name in ("overdue", *BANDS, "waiting", "stopped", "later")}
    ordered = sorted(standings, key=lambda one: (one.due, one.number))
    for one in ordered:
        groups[_group(one, today)].append(one)
    return Deadlines(
        today=today,
        now=now,
        overdue=tuple(groups["overdue"]),
        within={days: tuple(groups[days]) for days in BANDS},
        waiting=tuple(groups["waiting"]),
        stopped=tuple(groups["stopped"]),
        later=tuple(groups["later"]),
        unsent=tuple(mail for mail in unsent if mail.urgent or now - mail.since >= STUCK),
        alarming=tuple(one for one in ordered if _alarming(one, today, calendar)),
        breaches=tuple(sorted(breaches, key=lambda one: (one.due, one.id))),
        sweeps=tuple(sweeps),
        unwell=tuple(unwell),
    )


def _group(one: Standing, today: date) -> str | int:
    left = one.left(today)
    if not one.answered:
        if left < 0:
            return "overdue"
        for days in BANDS:
            if left <= days:
                return days
    if one.status == "waiting":
        return "waiting"
    # One that is registered only has no run: nobody works on it.
    if one.status == "stopped" or (one.status == "registered" and one.since < today):
        return "stopped"
    return "later"


def _alarming(one: Standing, today: date, calendar: Calendar) -> bool:
    return not one.answered and today >= last_working_day_before(one.due, calendar)
