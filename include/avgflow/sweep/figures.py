"""What a preview counts by one rule in one table: figures, no row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Held(StrEnum):
    """Why a row that is past its term stays."""

    HOLD = "hold"
    """A claim, complaint, lawsuit or incident (art. 17(3)(e))."""
    RESTRICTION = "restriction"
    """Its use is restricted, and the person may need it (art. 18)."""
    REQUEST = "request"
    """A request of the same person is not at its end."""
    NEEDED = "needed"
    """Another row that stays points to it."""


@dataclass(frozen=True)
class Figures:
    """Rows past their term by one rule in one table.

    `rows`: those that may go; `people`: how many people they are of, in this table; `oldest`, `newest`: the first and
    last day from which their terms count (ISO); `months`: rows by the month of that day (`2019-03`), and `held_months`
    likewise of those that are held back. `held`: rows that are past their term and stay, by reason; `needed_by`: by the
    table whose rows need them. `undated`: rows of the rule without a date, whose term has not begun. `total`: rows in
    the whole table (for large ones as PostgreSQL estimates them: `estimated`).
    """

    rows: int = 0
    people: int = 0
    oldest: str | None = None
    newest: str | None = None
    months: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    held_months: Mapping[str, int] = field(default_factory=dict)
    needed_by: Mapping[str, int] = field(default_factory=dict)
    undated: int = 0
    total: int = 0
    estimated: bool = False

    @property
    def years(self) -> dict[str, int]:
        """Rows that may go, by the year from which their terms count."""
        found: dict[str, int] = {}
        for month, rows in sorted(self.months.items()):
            found[month[:4]] = found.get(month[:4], 0) + rows
        return found

    def to_json(self) -> dict[str, Any]:
        """A JSON form, for the register."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Figures:
        """The inverse of `to_json`; of a sweep of before it may hold a figure that there is no more."""
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})
