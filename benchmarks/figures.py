"""What was measured: a series and the series it is held against, their medians and the ratio of these."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Series:
    """Measured values of one thing, in seconds unless another unit is given."""

    name: str
    values: tuple[float, ...]
    unit: str = "s"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            f"median_{self.unit}": round(self.median, 4),
            f"min_{self.unit}": round(min(self.values), 4),
            f"max_{self.unit}": round(max(self.values), 4),
            "times": len(self.values),
        }

    def __str__(self) -> str:
        spread = f"{self._shown(min(self.values))} to {self._shown(max(self.values))}"
        return f"{self.name:<52} {self._shown(self.median):>10}   ({spread}, {len(self.values)} times)"

    def _shown(self, value: float) -> str:
        if self.unit != "s":
            return f"{value:.0f} {self.unit}"
        return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


@dataclass(frozen=True)
class Comparison:
    """One thing against its baseline, measured in turns. `goal`: the ratio that it should not exceed, if there is one.

    `how`: what was done, in a line.
    """

    name: str
    how: str
    ours: Series
    baseline: Series
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return self.ours.median / self.baseline.median

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.ratio <= self.goal

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "how": self.how,
            "ours": self.ours.to_json(),
            "baseline": self.baseline.to_json(),
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "met": self.met,
        }

    def __str__(self) -> str:
        verdict = "" if self.goal is None else f", goal {self.goal}: {'met' if self.met else 'NOT MET'}"
        return f"{self.name}\n  {self.how}\n  {self.ours}\n  {self.baseline}\n  ratio {self.ratio:.2f}{verdict}"


def machine() -> dict[str, Any]:
    """On what it was measured, and how busy that was with other things at the start."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }


def as_text(on: dict[str, Any], comparisons: Iterable[Comparison]) -> str:
    """The report for a person."""
    head = (
        f"On {on['cores']} cores, Python {on['python']}, {on['system']}, load average at the start "
        f"{on['load_average'][0]}. Medians; in brackets the least and the most."
    )
    return "\n\n".join([head, *map(str, comparisons)])


def as_json(on: dict[str, Any], comparisons: Sequence[Comparison]) -> str:
    """The report for a program."""
    return json.dumps({"machine": on, "comparisons": [one.to_json() for one in comparisons]}, indent=2)
