"""Cleaning Airflow's database from within a task: by a process of its own that gets the database's address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from avgflow.errors import AvgflowError
from avgflow.settings import Settings
from avgflow_airflow import cleaning

LONGEST = 3 * 3600
"""Seconds; each transaction of it is short, so one that is ended here has done a part, and the next goes on."""


class NotCleaned(AvgflowError):
    """Airflow's database was not cleaned, or not all of it."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Airflow's database was not cleaned as a whole ({why}). Check AVGFLOW_AIRFLOW_DSN, and that it is the "
            f"database of this version of Airflow; the scheduler's log may say more. Then clear task 'airflow'."
        )


@dataclass(frozen=True)
class Cleaned:
    """From when on rows stay, the DAG whose unfinished run made that earlier, and how many rows went, by table."""

    before: datetime
    held_by: str | None
    tables: Mapping[str, int]


def clean(settings: Settings, before: datetime, *options: str) -> Cleaned:
    """Delete what is older than a moment; `--dry-run` only counts. `NotCleaned`; `WrongSetting` without an address."""
    dsn = settings.secret("airflow_dsn")
    try:
        # Its own interpreter: in this one Airflow has taken the database away, from the settings and from the
        # environment.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", str(Path(cleaning.__file__).resolve()), before.isoformat(), *options],
            env=_environment(dsn),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotCleaned("it took too long") from None
    lines = done.stdout.strip().splitlines()
    try:
        said = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise NotCleaned(f"it ended with {done.returncode}") from None
    if done.returncode or "error" in said:
        raise NotCleaned(str(said.get("error", done.returncode)))
    return Cleaned(datetime.fromisoformat(said["before"]), said["held_by"], said["tables"])


def _environment(dsn: str) -> dict[str, str]:
    """This process's environment with the database in it, and without what makes Airflow think that this is a task."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", "_AIRFLOW_PROCESS_CONTEXT")
    }
    return {**ours, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": dsn, "_AIRFLOW_PROCESS_CONTEXT": "server"}
