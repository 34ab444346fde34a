"""Sweeps in the daily look: one that waits for a human, one that did not end well, and that none has run for too long.

A sweep that never runs fails in silence (nextcloud/user_retention#241), so what should have run and did not is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from croniter import croniter
from sqlalchemy import Connection

from avgflow.deadlines import SweepStanding, SweepTrouble
from avgflow.fields import AMSTERDAM
from avgflow.handling.deciding_sweep import last_moment
from avgflow.handling.environment import Environment
from avgflow.register import earlier_sweeps, events, sweeps
from avgflow.register.names import EventName
from avgflow.register.sweeps import ENDED, Sweep, SweepStatus

MISSED = timedelta(days=15)
"""Without a sweep for so long though one should have run: two weeks and a day."""

_LOOKED_AT = 50
"""Sweeps that are looked at, the newest first: about a year of them."""


def standing(env: Environment, register: Connection, now: datetime) -> list[SweepStanding]:
    """What there is to say about sweeps at a moment in Dutch time."""
    known = sweeps.list_(register, _LOOKED_AT)
    found = [one for one in (_standing(env, register, sweep, known) for sweep in known) if one is not None]
    last = known[0].begun_at if known else events.first(register)
    if last is not None and _missed(env.policy.retention.schedule, last.astimezone(AMSTERDAM), now):
        since = last.astimezone(AMSTERDAM).date() if known else None
        found.append(SweepStanding(SweepTrouble.MISSING, since=since))
    return found


def _standing(env: Environment, register: Connection, sweep: Sweep, known: Sequence[Sweep]) -> SweepStanding | None:
    if sweep.status is SweepStatus.WAITING:
        last_day = (last_moment(env, sweep) - timedelta(days=1)).astimezone(AMSTERDAM).date()
        return SweepStanding(SweepTrouble.WAITING, sweep.number, _day(sweep.previewed_at), last_day)
    if sweep.status is SweepStatus.FAILED:
        # Of those that a re-count did not prove, the one that no human has looked at since.
        if earlier_sweeps.last_stopped(register) == sweep.number:
            return SweepStanding(SweepTrouble.FAILED, sweep.number, _day(sweep.ended_at))
        return None
    if sweep.status in ENDED or sweep.number != known[0].number:
        return None
    failed = [event for event in events.history(register, sweep.number) if event.name == EventName.STEP_FAILED]
    return SweepStanding(SweepTrouble.FAILED, sweep.number, _day(failed[-1].at)) if failed else None


def _missed(schedule: str, last: datetime, now: datetime) -> bool:
    """Whether no sweep began for `MISSED`, and one should have since the last."""
    return now - last > MISSED and croniter(schedule, now).get_prev(datetime) > last


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(AMSTERDAM).date() if moment else None
