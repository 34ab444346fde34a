"""The statutory clock: when an answer is due, extended, paused, and on which day it is safe.

Art. 12(3) AVG gives one month from receipt, and two more for complexity or number. How months are counted stands in
Regulation (EEC, Euratom) 1182/71 art. 3: the day of receipt does not count (1); a month ends on the day with the same
date, or on the month's last day where it has no such date (2)(c); a last day that is a public holiday, Sunday or
Saturday moves to the end of the following working day (4). Public holidays are those that the member state designates:
for the Netherlands the list of Algemene termijnenwet art. 3.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from avgflow.errors import AvgflowError

TERM_MONTHS = 1
EXTENDED_MONTHS = 3
SATURDAY = 5

# Algemene termijnenwet art. 3(1), by the names of the `holidays` library; Sundays are no working days anyway.
# Good Friday is equated by art. 3(2) and stands apart, because the Official Journal's list was not verified for it.
STATUTORY = frozenset(
    {
        "Nieuwjaarsdag",
        "Tweede paasdag",
        "Koningsdag",
        "Bevrijdingsdag",
        "Hemelvaartsdag",
        "Tweede pinksterdag",
        "Eerste kerstdag",
        "Tweede kerstdag",
    }
)
GOOD_FRIDAY = "Goede vrijdag"

# Days equated with a holiday by royal decree, Algemene termijnenwet art. 3(3). They count for terms in Dutch statutes;
# whether they count for art. 12 AVG is open, so a calendar leaves them out unless it is told otherwise.
EQUATED_DAYS = frozenset({date(2025, 5, 30), date(2026, 1, 2), date(2026, 5, 15), date(2027, 5, 7)})

Extension = Literal["at-once", "in-steps"]
"""How art. 12(3)'s two further months are counted: three months from receipt, or two from the first month's end."""


class Calendar(BaseModel):
    """How a company counts: which days are no working days, and from where an extension runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include_good_friday: bool = True
    include_equated_days: bool = False
    extension: Extension = "at-once"

    def is_working_day(self, day: date) -> bool:
        """Not a Saturday, Sunday or public holiday."""
        return day.weekday() < SATURDAY and day not in self.holidays(day.year)

    def holiday(self, day: date) -> str | None:
        """The Dutch name of the public holiday that a day is; None where it is none."""
        if day not in self.holidays(day.year):
            return None
        return next((name for named, name in _named(day.year) if named == day), "gelijkgestelde dag")

    def holidays(self, year: int) -> frozenset[date]:
        """The public holidays of a year."""
        days = _named(year)
        return frozenset(
            day for day, name in days if name in STATUTORY or (name == GOOD_FRIDAY and self.include_good_friday)
        ) | frozenset(day for day in EQUATED_DAYS if self.include_equated_days and day.year == year)


DUTCH = Calendar()


class ImpossibleHold(AvgflowError):
    """A pause that ends before it begins."""


@dataclass(frozen=True)
class Hold:
    """The clock stands still between a question that must be answered first and its sufficient answer.

    Only for reasonable doubt about who asks (art. 12(6)), or to specify an access request for much data (recital 63).
    """

    asked: date
    answered: date

    def __post_init__(self) -> None:
        if self.answered < self.asked:
            raise ImpossibleHold(
                f"The question was sent on {self.asked} and answered on {self.answered}. Correct one of the two dates."
            )

    @property
    def days(self) -> int:
        """Whole days from question to answer."""
        return (self.answered - self.asked).days


def add_months(day: date, months: int) -> date:
    """The day with the same date, or the last day of a shorter month (Regulation 1182/71 art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def roll(day: date, calendar: Calendar = DUTCH) -> date:
    """The day itself, or the next working day (Regulation 1182/71 art. 3(4))."""
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day


def safe(day: date, calendar: Calendar = DUTCH) -> date:
    """The last working day on or before a day: who plans on it is in time under every reading of the rules."""
    while not calendar.is_working_day(day):
        day -= timedelta(days=1)
    return day


def nominal(received: date, holds: Sequence[Hold] = ()) -> date:
    """One month after receipt, and the days that the clock stood still; may be a weekend or a holiday."""
    return paused(add_months(received, TERM_MONTHS), holds)


def nominal_extended(received: date, holds: Sequence[Hold] = ()) -> date:
    """Three months after receipt, and the days that the clock stood still; may be a weekend or a holiday."""
    return paused(add_months(received, EXTENDED_MONTHS), holds)


def due(received: date, holds: Sequence[Hold] = (), calendar: Calendar = DUTCH) -> date:
    """The last day for an answer, or for the notice of extension with its reasons (art. 12(3))."""
    return roll(nominal(received, holds), calendar)


def extended_due(received: date, holds: Sequence[Hold] = (), calendar: Calendar = DUTCH) -> date:
    """The last day for an answer after an extension: three months from receipt, counted at once."""
    return roll(nominal_extended(received, holds), calendar)


def extended_due_in_steps(received: date, holds: Sequence[Hold] = (), calendar: Calendar = DUTCH) -> date:
    """The other reading of art. 12(3): two months after the first month's nominal end; earlier at month-ends."""
    return roll(paused(_in_steps(received), holds), calendar)


@dataclass(frozen=True)
class Term:
    """The days of one request. `safe` and `extended_safe`: in time under every reading of the rules."""

    due: date
    safe: date
    extended_due: date
    extended_safe: date
    reading: Mapping[str, str | bool]
    """How it was counted, as codes; with the other reading's extended day, which is never later."""


def term(received: date, holds: Sequence[Hold] = (), calendar: Calendar = DUTCH) -> Term:
    """All days of a request by the calendar's reading, which goes with them."""
    at_once, in_steps = extended_due(received, holds, calendar), extended_due_in_steps(received, holds, calendar)
    return Term(
        due=due(received, holds, calendar),
        safe=safe(nominal(received, holds), calendar),
        extended_due=at_once if calendar.extension == "at-once" else in_steps,
        extended_safe=safe(paused(_in_steps(received), holds), calendar),
        reading={
            "extension": calendar.extension,
            "good_friday": calendar.include_good_friday,
            "equated_days": calendar.include_equated_days,
            "at_once": at_once.isoformat(),
            "in_steps": in_steps.isoformat(),
        },
    )


def last_working_day_before(day: date, calendar: Calendar = DUTCH) -> date:
    """The last day on which people can still work to be in time the day after."""
    return safe(day - timedelta(days=1), calendar)


def pauses(holds: Sequence[Hold]) -> tuple[Hold, ...]:
    """The pauses in order of time; overlapping ones as one, so that no day counts twice."""
    merged: list[Hold] = []
    for hold in sorted(holds, key=lambda h: (h.asked, h.answered)):
        if merged and hold.asked <= merged[-1].answered:
            merged[-1] = Hold(merged[-1].asked, max(merged[-1].answered, hold.answered))
        else:
            merged.append(hold)
    return tuple(merged)


def _in_steps(received: date) -> date:
    return add_months(add_months(received, TERM_MONTHS), EXTENDED_MONTHS - TERM_MONTHS)


def paused(end: date, holds: Sequence[Hold]) -> date:
    """The end of a term, later by the days that the clock stood still before it."""
    for hold in pauses(holds):
        if hold.asked > end:
            break  # a question sent when the term had run out revives nothing
        end += timedelta(days=hold.days)
    return end


@cache
def _named(year: int) -> tuple[tuple[date, str], ...]:
    # Imported here: the library is large, and most commands never ask for a date.
    import holidays

    # `optional` holds Good Friday, and Liberation Day in the years that are no lustrum.
    days = holidays.country_holidays("NL", years=year, categories=("public", "optional"), language="nl")
    return tuple((day, name) for day, names in days.items() for name in names.split("; "))
