"""Events of another day, linked to the chain as genuine ones: what was done while a test says that it is that day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import DateTime, func, literal

from avgflow.register import chain


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo("Europe/Amsterdam"))


class _Clock:
    """SQL functions, with another time of day."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def clock_timestamp(self) -> Any:
        return literal(self._moment, DateTime(timezone=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(func, name)


@contextmanager
def events_at(moment: datetime) -> Iterator[None]:
    """What is put on record meanwhile has happened at another moment, as the chain tells it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "func", _Clock(moment))
        yield
