"""Having what waits in the outbox for a request sent beside the request's own run, which may be waiting itself."""

from __future__ import annotations

from avgflow.airflow_api import AirflowApi
from avgflow.handling.environment import Environment

NOTICE = "notice"
"""The DAG that sends it, and its only task."""
TELL = "tell"


def send(env: Environment, number: str, occasion: str) -> None:
    """Start the run of an occasion (`extended`, `code-2`), or take it up where it failed; what `AirflowApi` raises
    where Airflow does not take it.
    """
    start_beside(env.airflow, NOTICE, number, occasion, TELL)


def start_beside(api: AirflowApi, dag: str, number: str, occasion: str, *tasks: str) -> None:
    """Start a run beside a request's own, by its occasion; where it failed before, have these tasks done again."""
    run_id = f"{number}.{occasion}"
    if not api.start(dag, number, run_id) and api.state(dag, run_id) == "failed":
        api.clear(dag, run_id, *tasks)
