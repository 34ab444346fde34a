"""Random choices that the same seed makes again, on every machine and in every process."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")

AS_OF = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""The moment at which the demonstration stores are looked at; nothing in them is younger."""


class Chance(Random):
    """`Random` with the few draws that a generator of rows needs, each of them cheap."""

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the others."""
        return choices[int(self.random() * len(choices))]

    def often(self, share: float) -> bool:
        """True in this share of the draws (0 to 1)."""
        return self.random() < share

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def moment(self, days: float) -> datetime:
        """A moment in the last so many days, to the second, in UTC."""
        return AS_OF - timedelta(seconds=int(self.random() * days * 86_400))

    def day(self, days: int) -> date:
        """A day in the last so many days."""
        return self.moment(days).date()

    def uuid(self) -> str:
        """A random UUID (version 4)."""
        return str(uuid.UUID(int=self.getrandbits(128), version=4))
