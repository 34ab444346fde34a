"""The register's figures, given to whatever Airflow gives its own metrics to (StatsD or OpenTelemetry)."""

from __future__ import annotations

from airflow.sdk import get_current_context, task
from airflow.sdk.configuration import conf
from airflow.sdk.observability import stats

from avgflow.handling import health
from avgflow.handling.environment import Environment
from avgflow.register.figures import Figures
from avgflow_airflow import running
from avgflow_airflow.tasklog import Line, say


def wanted() -> bool:
    """Whether Airflow is told to give metrics to anybody."""
    return any(conf.getboolean("metrics", name, fallback=False) for name in ("statsd_on", "otel_on"))


@task
def report() -> None:
    """How many requests are open, late or stuck, as gauges."""

    def step(env: Environment) -> None:
        say(Line.FIGURES_GIVEN, figures=emit(health.figures_now(env)))

    running.run_by_clock(get_current_context(), step)


def emit(figures: Figures) -> int:
    """Give each figure on; how many there were."""
    gauges = list(figures.gauges())
    for name, value, tags in gauges:
        stats.gauge(name, value, tags=tags)
    _flush()
    return len(gauges)


def _flush() -> None:
    """A task's process ends without the hooks at its exit, so that what OpenTelemetry still keeps would be lost."""
    from opentelemetry import metrics  # here: Airflow itself imports it only where it is used

    flush = getattr(metrics.get_meter_provider(), "force_flush", None)
    if flush is not None:
        flush()
