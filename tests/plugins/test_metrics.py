"""The figures get to whoever Airflow's metrics go to, though a task's process ends without the hooks at its exit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

ROOT = Path(__file__).parents[2]
EMITTING = """
import os
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from avgflow.intake import Right
from avgflow.register.figures import Figures
from avgflow_airflow import metrics
assert metrics.wanted()
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
print(metrics.emit(Figures({**dict.fromkeys(Right, 0), Right.ACCESS: 3}, 2, 1, 1, -4, 1, 5, 61, 700)))
os.sys.stdout.flush()
os._exit(0)
"""
"""As the process of a task has it: the same factory, and an end without hooks."""


class Collector(HTTPServer):
    """An OpenTelemetry collector on 127.0.0.1 that keeps what it is given."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], float] = {}
        super().__init__(("127.0.0.1", 0), Taking)


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = ExportMetricsServiceRequest.FromString(body)
        for resource in told.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.gauge.data_points:
                        right = next((one.value.string_value for one in point.attributes if one.key == "right"), "")
                        value = point.as_double if point.HasField("as_double") else point.as_int
                        self.server.found[metric.name, right] = value
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def emitted(**settings: str) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), str(ROOT / "plugins")]),
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", EMITTING], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_opentelemetry_gets_every_figure(collector: Collector, tmp_path: Path) -> None:
    told = emitted(
        AIRFLOW_HOME=str(tmp_path),
        AIRFLOW__METRICS__OTEL_ON="True",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
    )
    ours = {key: value for key, value in collector.found.items() if ".avgflow." in key[0]}
    assert len(ours) == int(told)
    assert ours["airflow.avgflow.requests.open", "access"] == 3
    assert ours["airflow.avgflow.requests.days_left", ""] == -4
    assert ours["airflow.avgflow.sweeps.rows_last_week", ""] == 700


def test_statsd_gets_every_figure(tmp_path: Path) -> None:
    pytest.importorskip("statsd", reason="StatsD's client is an extra of Airflow, and not installed here")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        told = emitted(
            AIRFLOW_HOME=str(tmp_path),
            AIRFLOW__METRICS__STATSD_ON="True",
            AIRFLOW__METRICS__STATSD_HOST="127.0.0.1",
            AIRFLOW__METRICS__STATSD_PORT=str(listener.getsockname()[1]),
            AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED="True",
        )
        lines = [listener.recv(2048).decode() for _ in range(int(told))]
    assert "airflow.avgflow.requests.late:1|g" in lines
    assert any("requests.open" in line and "right=access" in line and ":3|g" in line for line in lines)
