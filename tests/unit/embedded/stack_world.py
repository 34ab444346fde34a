"""A stack that only exists on paper."""

from __future__ import annotations

from pathlib import Path

from avgflow.embedded.layout import Layout
from avgflow.embedded.state import Ports, StackState

PORTS = Ports(airflow=8080, postgres=5433, mailbox=1025)


def layout(home: Path = Path("/srv/avgflow")) -> Layout:
    return Layout(home)


def state() -> StackState:
    return StackState(ports=PORTS)
