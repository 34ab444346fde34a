"""Waiting for a moment without a worker, in the triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

LOOK = 60.0
"""Seconds after which the clock is looked at again: it may be set meanwhile."""


class Until(BaseTrigger):
    """Fires at a moment. Airflow's own trigger for that writes a line to the task's log each second."""

    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = moment
        """ISO 8601, with its offset."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.{type(self).__name__}", {"moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        moment = datetime.fromisoformat(self.moment)
        while (left := (moment - datetime.now(UTC)).total_seconds()) > 0:
            await asyncio.sleep(min(left, LOOK))
        yield TriggerEvent(self.moment)
