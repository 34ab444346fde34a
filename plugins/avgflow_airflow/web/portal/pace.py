"""How often an account may call, counted in the memory of this process: each process of the api-server counts alone."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_MINUTE = 60.0


class Pace:
    """A bucket of calls for each account that fills evenly; a full one is a minute's calls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        """For each account the calls that are left, and when that was counted. Only portals are counted: a few."""

    def wait(self, account: str, per_minute: int) -> int:
        """Take one call; 0 where it may be made, else after how many seconds the next one may."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(account, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) * per_minute / _MINUTE)
            taken = left >= 1
            self._left[account] = (left - 1 if taken else left, now)
        return 0 if taken else max(1, math.ceil((1 - left) * _MINUTE / per_minute))
