"""How long something is kept: ISO 8601 durations in years, months and days (`P7Y`, `P24M`, `P1Y6M10D`). Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator

from avgflow.terms import add_months

_PERIOD = re.compile(r"P(?=[0-9])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?")
_WRITTEN = "a term is written as P5Y, P6M, P90D or a sum of these"


def _checked(value: str) -> str:
    if not _PERIOD.fullmatch(value):
        raise ValueError(f"{_WRITTEN}; correct it")
    return value


def _lasting(value: str) -> str:
    if not _PERIOD.fullmatch(value) or fewest_days(value) == 0:
        raise ValueError(f"{_WRITTEN}, and is a day at least; correct it")
    return value


Period = Annotated[str, AfterValidator(_checked)]
"""A duration; one of nothing (`P0D`) ends on the day it counts from."""
LastingPeriod = Annotated[str, AfterValidator(_lasting)]
"""A duration of a day or more."""


def last_day(period: str, counts_from: date) -> date | None:
    """The last day of a period that counts from a day (Regulation 1182/71 art. 3(2)(c)).

    None where it lies beyond the calendar: many a store says 9999-12-31 for 'not yet'.
    """
    years, months, days = _parts(period)
    try:
        return add_months(counts_from, 12 * years + months) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None


def fewest_days(period: str) -> int:
    """The days of a period in the shortest months and years."""
    years, months, days = _parts(period)
    return years * 365 + months * 28 + days


def most_days(period: str) -> int:
    """The days of a period in the longest months and years."""
    years, months, days = _parts(period)
    return years * 366 + months * 31 + days


def _parts(period: str) -> tuple[int, int, int]:
    found = _PERIOD.fullmatch(period)
    years, months, days = (int(part or 0) for part in (found.groups() if found else ()))
    return years, months, days
