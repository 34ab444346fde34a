"""The picture of a sweep: for each record class its rows by month, those that went and those that stayed. Pure.

Bars of one scale per class, as an SVG's own units; the very figures stand in the table beneath.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from avgflow.catalog.models import Text
from avgflow.templating import MONTHS

WIDTH, HEIGHT = 720, 130
"""Of the space for bars, in units of the picture."""

LONGEST = 240
"""Months that one picture shows; what is older stands in its first bar."""

_LABELS = 10
"""Years that are named below a picture, at most."""
_SMALLEST = 1.5
"""A bar of one row beside one of ten thousand is still to be seen."""


_KINDS: Mapping[str, Text] = {
    "went": Text(nl="weg", en="gone"),
    "open": Text(nl="nog niet weg", en="not gone yet"),
    "stayed": Text(nl="blijven", en="stay"),
}
"""The parts of a bar, after a number of rows."""


@dataclass(frozen=True)
class Month:
    """One month of one class: rows that `went`, that `stayed` although past their term, and that are `open`: allowed to
    go, in a table where the sweep did not get to its end.
    """

    month: str
    went: int = 0
    stayed: int = 0
    open: int = 0

    @property
    def rows(self) -> int:
        return self.went + self.stayed + self.open

    def name(self, language: str = "nl") -> str:
        """In words: `maart 2019`."""
        year, month = self.month.split("-")
        return f"{MONTHS[language][int(month) - 1]} {year}"


@dataclass(frozen=True)
class Bar:
    """A part of a month's column: `kind` is went, stayed or open."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Picture:
    """The bars of one class; `top`: rows at the upper line; `years`: where each named year begins."""

    bars: Sequence[Bar]
    top: int
    years: Sequence[tuple[float, str]]
    earlier: str | None = None
    """The month in which those before it are counted too, where there are too many for one picture."""


def summed(months: Iterable[Month]) -> list[Month]:
    """One entry for each month, in order."""
    found: dict[str, Month] = {}
    for one in months:
        so_far = found.get(one.month, Month(one.month))
        found[one.month] = Month(one.month, so_far.went + one.went, so_far.stayed + one.stayed, so_far.open + one.open)
    return [found[month] for month in sorted(found) if found[month].rows]


def picture(months: Sequence[Month], language: str = "nl") -> Picture | None:
    """The picture of months with rows, in order; None where there is none."""
    if not months:
        return None
    first, last = _count(months[0].month), _count(months[-1].month)
    earlier = first if (first := max(first, last - LONGEST + 1)) > _count(months[0].month) else None
    shown: dict[int, Month] = {}
    for one in months:
        at = max(_count(one.month), first)
        before = shown.get(at, Month(_month(at)))
        shown[at] = Month(before.month, before.went + one.went, before.stayed + one.stayed, before.open + one.open)
    slot = WIDTH / max(last - first + 1, 12)
    top = _round_up(max(one.rows for one in shown.values()))
    bars = [
        bar for at, one in sorted(shown.items()) for bar in _column(one, (at - first) * slot, slot * 0.8, top, language)
    ]
    return Picture(bars, top, _years(first, last, slot), _month(earlier) if earlier is not None else None)


def _column(one: Month, x: float, width: float, top: int, language: str) -> list[Bar]:
    bars, y = [], float(HEIGHT)
    parts = {"went": one.went, "open": one.open, "stayed": one.stayed}
    for kind, rows in parts.items():
        if rows:
            height = max(rows / top * HEIGHT, _SMALLEST)
            y -= height
            title = f"{one.name(language)}: {rows} {_KINDS[kind].in_(language)}"
            bars.append(Bar(kind, round(x, 2), round(y, 2), round(width, 2), round(height, 2), title))
    return bars


def _years(first: int, last: int, slot: float) -> list[tuple[float, str]]:
    begins = [at for at in range(first, last + 1) if at % 12 == 0]
    step = max(1, math.ceil(len(begins) / _LABELS))
    years = [(round((at - first) * slot, 2), str(at // 12)) for at in begins[::step]]
    # A picture that begins within a year says which; unless the next begins right beside it.
    if first % 12 and (not years or years[0][0] > 45):
        years.insert(0, (0.0, str(first // 12)))
    return years


def _round_up(rows: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    power = int(10 ** (len(str(rows)) - 1))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rows)


def _count(month: str) -> int:
    """Months since the year 0."""
    year, of_year = month.split("-")
    return int(year) * 12 + int(of_year) - 1


def _month(count: int) -> str:
    return f"{count // 12:04d}-{count % 12 + 1:02d}"
