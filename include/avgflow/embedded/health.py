"""Whether the parts of Airflow are truly at work: its own health report, heartbeats included."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import httpx

from avgflow.airflow_api import speaks_tls

# Component -> (key in the report, key of its last heartbeat). The api-server is what answers.
REPORTED = {
    "scheduler": ("scheduler", "latest_scheduler_heartbeat"),
    "dag-processor": ("dag_processor", "latest_dag_processor_heartbeat"),
    "triggerer": ("triggerer", "latest_triggerer_heartbeat"),
}


def report(url: str) -> dict[str, Any] | None:
    """Airflow's health report, or None where its api-server does not answer."""
    try:
        answer = httpx.get(f"{url}/api/v2/monitor/health", timeout=5, trust_env=False, verify=speaks_tls(url))
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def warm_up(url: str) -> None:
    """Have Airflow build the API that tasks talk to: it does so on the first call, which takes some three seconds."""
    with suppress(httpx.HTTPError):
        httpx.get(f"{url}/execution/health", timeout=60, trust_env=False, verify=speaks_tls(url))


def at_work(found: dict[str, Any] | None, since: datetime | None = None) -> set[str]:
    """The components that a report calls healthy and, where `since` is given, that gave a heartbeat after it."""
    if found is None:
        return set()
    healthy = {"api-server"}
    for component, (part, heartbeat) in REPORTED.items():
        details = found.get(part) or {}
        if details.get("status") != "healthy":
            continue
        beat = details.get(heartbeat)
        if since is None or (beat and datetime.fromisoformat(beat) >= since):
            healthy.add(component)
    return healthy
