"""How long the work on each table took, and how many rows of which record class: told to whoever listens, such as the
log of a task. Whether anybody listens changes nothing of what is done.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Lap:
    """Work on one table of a store, in one or several goes; `rows` by record class, of what is read row by row."""

    seconds: float = 0.0
    rows: Counter[str | None] = field(default_factory=Counter)

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1000)

    @property
    def classes(self) -> str:
        """Its rows by record class, such as `R3=1 R4=12`; `-` for those of none."""
        return " ".join(f"{record_class or '-'}={rows}" for record_class, rows in sorted(self.rows.items(), key=str))


Laps = dict[tuple[str, str], Lap]
"""By store and table."""

_heard: ContextVar[Laps | None] = ContextVar("avgflow_laps", default=None)


@contextmanager
def heard() -> Iterator[Laps]:
    """What is worked on within, table by table, in this thread."""
    laps: Laps = {}
    token = _heard.set(laps)
    try:
        yield laps
    finally:
        _heard.reset(token)


@contextmanager
def on(store: str, table: object) -> Iterator[Lap]:
    """Work on a table; several goes at one add up."""
    laps = _heard.get()
    lap = Lap() if laps is None else laps.setdefault((store, str(table)), Lap())
    began = time.perf_counter()
    try:
        yield lap
    finally:
        lap.seconds += time.perf_counter() - began
