"""The picture of a year: how many requests came in by month, and how many of them were answered late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avgflow.catalog.models import Text
from avgflow.register.overview import Month
from avgflow.templating import MONTHS

WIDTH, HEIGHT = 720, 150
_STEP = WIDTH / 12
_BAR = 34


@dataclass(frozen=True)
class Piece:
    """A part of a bar, in the units of the picture."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    month: Month
    name: Text
    x: float
    middle: float
    top: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    bar: int
    bars: tuple[Bar, ...]
    received: int
    late: int


def of(months: Sequence[Month]) -> Chart:
    """The picture of these months, the last of them on the right."""
    highest = max((one.received for one in months), default=0) or 1
    bars = tuple(_bar(place, month, highest) for place, month in enumerate(months))
    late = sum(one.late for one in months)
    return Chart(WIDTH, HEIGHT, _BAR, bars, sum(one.received for one in months), late)


def _bar(place: int, month: Month, highest: int) -> Bar:
    x = place * _STEP + (_STEP - _BAR) / 2
    pieces, y = [], float(HEIGHT)
    for kind, count in (("intime", month.in_time), ("open", month.open), ("late", month.late)):
        height = count / highest * (HEIGHT - 20)
        y -= height
        if count:
            pieces.append(Piece(kind, round(y, 1), round(max(height, 1.5), 1)))
    named = month.first.month - 1
    name = Text(nl=f"{MONTHS['nl'][named]} {month.first.year}", en=f"{MONTHS['en'][named]} {month.first.year}")
    return Bar(month, name, round(x, 1), round(x + _BAR / 2, 1), round(y, 1), tuple(pieces))
