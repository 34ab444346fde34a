"""Airflow's own deadline alert, behind the daily watch: a run that is still open after three weeks has every deadline
looked through, whether or not the watch ran.

The statutory clock is in the register, with its extensions and pauses; Airflow knows only how long a run has been open.
The reference is the moment of queuing: a run that is started by a request has no logical date, and an alert that counts
from one is silently never made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback

from avgflow.handling import watching
from avgflow.settings import Settings
from avgflow_airflow.environment import environment
from avgflow_airflow.sending import send_watch

log = structlog.get_logger("avgflow")


def look(**_: Any) -> None:
    """What the daily watch does; a second look on a day makes no second mail. Called by Airflow, with the run."""
    with environment() as env:
        seen = watching.watch(env)
        log.info("Termijnen nagelopen / deadlines looked through", **seen.deadlines.counts, mails=len(seen.told))
        send_watch(env, seen)


def backstop() -> DeadlineAlert:
    """The alert of a request's DAG."""
    interval = timedelta(seconds=Settings.load().backstop_seconds)
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, interval, SyncCallback(look), name="backstop")
