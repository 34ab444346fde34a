"""Bringing the databases of Airflow and of the register to the schema that this version needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from avgflow.embedded.faults import MigrationFailed
from avgflow.embedded.layout import COMPONENT_VARIABLE, Layout
from avgflow.embedded.state import StackState, save

AIRFLOW_COMMAND = (sys.executable, "-m", "airflow", "db", "migrate")
REGISTER_COMMAND = (sys.executable, "-m", "avgflow.register.migrate")


def bring_up_to_date(
    layout: Layout, state: StackState, environment: Mapping[str, str], progress: Callable[[str], None]
) -> StackState:
    """Migrate both databases at the same time, and remember what is done; raises `MigrationFailed`.

    Airflow's migration takes several seconds even where there is nothing to do, so it is left out when this
    version has done it before.
    """
    wanted = version("apache-airflow")
    with ThreadPoolExecutor(max_workers=2) as pool:
        jobs = [pool.submit(_run, layout, environment, "register", REGISTER_COMMAND)]
        if state.airflow_migrated != wanted:
            progress("Preparing Airflow's database")
            jobs.append(pool.submit(_run, layout, environment, "airflow", AIRFLOW_COMMAND))
        for job in jobs:
            job.result()
    state = state.model_copy(update={"airflow_migrated": wanted})
    save(layout, state)
    return state


def _run(layout: Layout, environment: Mapping[str, str], database: str, command: tuple[str, ...]) -> None:
    log = layout.logs / f"migrate-{database}.log"
    with log.open("w") as output:
        done = subprocess.run(  # noqa: S603 (the command is ours)
            command,
            env={**environment, COMPONENT_VARIABLE: f"migrate-{database}"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise MigrationFailed(database, log)
