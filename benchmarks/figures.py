"""What a benchmark measured: two medians and their ratio, with the goal it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """Pairs of times in seconds, measured in turn; the ratio is of the medians."""

    name: str
    measured: Sequence[float]
    baseline: Sequence[float]
    baseline_name: str
    goal: float

    @property
    def ratio(self) -> float:
        return median(self.measured) / median(self.baseline)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "median_s": round(median(self.measured), 4),
            "baseline": self.baseline_name,
            "baseline_median_s": round(median(self.baseline), 4),
            "ratio": round(self.ratio, 2),
            "goal": self.goal,
            "runs": len(self.measured),
        }

    def line(self) -> str:
        """For a person."""
        verdict = "held" if self.ratio <= self.goal else "missed"
        return (
            f"{self.name}\n"
            f"    {median(self.measured):8.3f} s  ({min(self.measured):.3f} to {max(self.measured):.3f}, "
            f"{len(self.measured)} runs)\n"
            f"    {median(self.baseline):8.3f} s  {self.baseline_name} "
            f"({min(self.baseline):.3f} to {max(self.baseline):.3f})\n"
            f"    ratio {self.ratio:.2f}, goal at most {self.goal} ({verdict})"
        )
