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
    """Measured values of one thing, in seconds."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "median_s": round(self.median, 4),
            "min_s": round(min(self.seconds), 4),
            "max_s": round(max(self.seconds), 4),
            "times": len(self.seconds),
        }

    def __str__(self) -> str:
        spread = f"{_shown(min(self.seconds))} to {_shown(max(self.seconds))}"
        return f"{self.name:<52} {_shown(self.median):>10}   ({spread}, {len(self.seconds)} times)"


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


def _shown(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
