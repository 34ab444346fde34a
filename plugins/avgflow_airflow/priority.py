"""Whose work goes first where there are fewer hands than tasks: that of the request with the nearest deadline.

Airflow asks its cluster policy (`config/airflow_local_settings.py`) when it makes the tasks of a run. A run's
configuration says by when its request is to be answered, and nothing else of it. Work that is for no request, such
as a sweep, comes after all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

FIRST = 1_000_000
"""What must not wait for anything: the morning's watch over the terms."""


def weight(conf: Mapping[str, Any] | None) -> int | None:
    """The priority of a run's tasks, by the `due` (ISO) of its configuration; None where it has none.

    A day sooner is one more. It fits Airflow's 32 bits, and is above anything that Airflow counts itself, until 2700.
    """
    try:
        return FIRST - date.fromisoformat(str((conf or {})["due"])).toordinal()
    except (KeyError, ValueError):
        return None
