"""A connection that Airflow alone knows: from its secrets backend, asked for at its command line.

A task asks Airflow itself. The command line of avgflow reads variables, and comes here only where there is none and
Airflow has a secrets backend: starting Airflow takes a few seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from avgflow.errors import WrongSetting
from avgflow.transport import dsn_of

_BACKENDS = ("AIRFLOW__SECRETS__BACKEND", "AIRFLOW__SECRETS__BACKENDS_ORDER")
_SECONDS = 60


def has_backend() -> bool:
    """Whether Airflow, as configured here, looks for connections elsewhere than in variables and its own database."""
    return any(os.environ.get(name) for name in _BACKENDS)


@lru_cache(maxsize=64)
def dsn(connection: str) -> str:
    """The DSN of a PostgreSQL connection that Airflow finds; `WrongSetting` where it finds none."""
    command = [str(Path(sys.executable).with_name("airflow")), "connections", "get", connection, "-o", "json"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        raise WrongSetting(
            f"Airflow could not be asked for the connection '{connection}'. Check that `airflow connections get` works."
        ) from None
    # What Airflow prints holds the password: nothing of it is repeated.
    try:
        [found] = json.loads(asked.stdout[asked.stdout.index("[") :])
    except ValueError:
        raise WrongSetting(
            f"Airflow's secrets backend knows no connection '{connection}'. Put it there, or set "
            f"AIRFLOW_CONN_{connection.upper()}."
        ) from None
    return dsn_of(found)
