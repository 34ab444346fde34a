"""The health check of a Celery worker: it answers a call through the broker. Airflow would take seconds for that."""

import socket
import sys
from pathlib import Path

from celery import Celery

SECONDS = 15
name = f"celery@{socket.gethostname()}"
with Celery(broker=Path("/secrets/broker/broker_url").read_text(encoding="utf-8").strip()) as app:
    sys.exit(0 if app.control.ping([name], timeout=SECONDS, limit=1) else f"{name} does not answer")
