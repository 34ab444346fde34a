"""Having what waits in the outbox for a request sent beside the request's own run, which may be waiting itself."""

from __future__ import annotations

from avgflow.handling.environment import Environment

NOTICE = "notice"
"""The DAG that sends it, and its only task."""
TELL = "tell"


def send(env: Environment, number: str, occasion: str) -> None:
    """Start the run of an occasion (`extended`, `code-2`), or take it up where it failed; what `AirflowApi` raises
    where Airflow does not take it.
    """
    env.airflow.start_beside(NOTICE, number, occasion, TELL)
