"""Reading Airflow's health report."""

from __future__ import annotations

from datetime import UTC, datetime

from avgflow.embedded.health import at_work

REPORT = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-03-02T10:00:00+00:00"},
    "triggerer": {"status": "unhealthy", "latest_triggerer_heartbeat": "2026-03-02T09:00:00+00:00"},
    "dag_processor": {"status": None, "latest_dag_processor_heartbeat": None},
}


def test_only_what_airflow_calls_healthy_is_at_work() -> None:
    assert at_work(REPORT) == {"api-server", "scheduler"}


def test_a_heartbeat_from_before_the_start_does_not_count() -> None:
    assert at_work(REPORT, since=datetime(2026, 3, 2, 10, 0, 1, tzinfo=UTC)) == {"api-server"}


def test_nothing_is_at_work_where_nobody_answers() -> None:
    assert at_work(None) == set()
