"""Starting, stopping and looking at the embedded stack as a whole."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avgflow.embedded import health, migration, postgres, processes
from avgflow.embedded.airflow_environment import (
    process_environment,
    render,
    stack_environment,
    write_airflow_home,
)
from avgflow.embedded.components import AIRFLOW, COMPONENTS, SERVICES, port_of, programs
from avgflow.embedded.faults import ComponentFailed, HomeUnusable, StackBusy, StackWouldNotStop
from avgflow.embedded.layout import REPOSITORY, Layout
from avgflow.embedded.ports import Reservations, is_free
from avgflow.embedded.state import STORES, StackState, load, save, with_free_ports, write_private
from avgflow.embedded.supervision import Supervisor, configuration, launch
from avgflow.key_file import KeyFile
from avgflow.settings import home

Progress = Callable[[str], None]

ATTEMPTS = 3
SECONDS_TO_HEALTH = 180.0
SECONDS_TO_STOP = 60.0
SECONDS_TO_WAIT_FOR_ANOTHER = 300.0


@dataclass(frozen=True)
class Status:
    """What runs, and where to find it."""

    layout: Layout
    state: StackState | None
    processes: dict[str, str]
    """Part -> its state: running, unhealthy, starting, stopped, fatal…"""

    @property
    def broken(self) -> dict[str, str]:
        """The parts that do not run as they should."""
        return {name: state for name, state in self.processes.items() if state != "running"}

    @property
    def running(self) -> bool:
        return self.state is not None and not self.broken

    def as_json(self) -> dict[str, Any]:
        """Addresses, logins and states, under the names that tools rely on. Holds secrets."""
        if self.state is None:
            return {"processes": self.processes}
        state = self.state
        return {
            "airflow": {
                "url": state.airflow_url,
                "user": "admin",
                "password": state.user_passwords["admin"],
            },
            "mailbox": str(self.layout.mailbox),
            "stores": {store: state.dsn(store) for store in STORES},
            "register": state.dsn("register", "register_app"),
            "database_admin": state.superuser_dsn,
            "processes": self.processes,
            "users": state.user_passwords,
            "home": str(self.layout.home),
        }


def silent(line: str) -> None:
    """Progress for those who do not want to hear of it."""


def up(progress: Progress = silent, repository: Path = REPOSITORY) -> Status:
    """Start the stack, or what is missing of it; return when every part is healthy.

    `repository` holds `dags/`, `plugins/` and `config/`. Data, secrets and (where they are still free) ports stay
    as they were. Raises a fault of `avgflow.embedded.faults`.
    """
    layout = Layout.of(home())
    try:
        layout.create_folders()
    except OSError as error:
        raise HomeUnusable(layout.home, error) from None
    with _alone(layout):
        # A part can die the moment after it was seen to run.
        for _ in range(ATTEMPTS):
            state = load(layout)
            if state is None or not _repair(layout, state, progress):
                with Reservations() as reservations:
                    state = _start(layout, state, repository, reservations, progress)
            found = Status(layout, state, _states(layout, state))
            if found.running:
                break
        else:
            component = next(iter(found.broken))
            raise ComponentFailed(component, layout.log_of(component))
    return found


def down(progress: Progress = silent) -> bool:
    """End every process of the stack; tells whether there were any. Raises `StackWouldNotStop`."""
    layout = Layout.of(home())
    # The home may have been removed under a running stack; there is nothing to lock then.
    with _alone(layout) if layout.home.is_dir() else nullcontext():
        if not processes.living(layout):
            return False
        _stop(layout, progress)
    return True


def status() -> Status:
    """How the stack is now."""
    layout = Layout.of(home())
    state = load(layout) if layout.home.is_dir() else None
    return Status(layout, state, _states(layout, state))


def _states(layout: Layout, state: StackState | None) -> dict[str, str]:
    supervisor = Supervisor(layout)
    if state is None or not supervisor.answers():
        alive = {found.component for found in processes.living(layout)}
        return {name: "unsupervised" if name in alive else "stopped" for name in ("supervisor", *COMPONENTS)}
    known = supervisor.states()
    states = {"supervisor": "running"} | {name: known.get(name, "stopped") for name in COMPONENTS}
    if states["api-server"] == "running":
        at_work = health.at_work(health.report(state.airflow_url))
        for component in AIRFLOW:
            if states[component] == "running" and component not in at_work:
                states[component] = "unhealthy"
    return states


def _repair(layout: Layout, state: StackState, progress: Progress) -> bool:
    """Start what is missing of a stack whose supervisor runs; False where only a new start helps."""
    supervisor = Supervisor(layout)
    if not state.complete or not supervisor.answers():
        return False
    states = _states(layout, state)
    broken = [name for name in COMPONENTS if states[name] != "running"]
    if not broken:
        progress("The stack is up already")
        return True
    for component in broken:
        port = port_of(component, state.ports)
        if states[component] not in {"fatal", "stopped"}:
            continue  # the supervisor is at it already
        if (port is not None and not is_free(port)) or component in SERVICES:
            return False
        progress(f"Starting {component} again ({states[component]})")
        supervisor.start(component)
    try:
        _wait_until_healthy(layout, state, supervisor, None, progress)
    except ComponentFailed:
        return False
    return True


def _start(
    layout: Layout,
    remembered: StackState | None,
    repository: Path,
    reservations: Reservations,
    progress: Progress,
) -> StackState:
    if processes.living(layout):
        progress("Ending what an earlier start left behind")
        _stop(layout, progress)
    state = with_free_ports(remembered, reservations).model_copy(update={"complete": False})
    save(layout, state)

    found = postgres.programs(layout, progress)
    if not layout.pgdata.exists():
        progress("Making the database")
    if postgres.ensure_data_folder(layout, found, state):
        state = state.model_copy(update={"airflow_migrated": None})
    postgres.write_configuration(layout, found, state)
    if not layout.register_keys.exists():
        KeyFile(layout.register_keys).write([state.register_key])
    stack = stack_environment(layout, state, repository)
    write_private(layout.environment, render(stack))
    write_airflow_home(layout, state, repository)
    run_as = "root" if os.geteuid() == 0 else None
    write_private(layout.supervisor_configuration, configuration(layout, programs(layout, found, state), run_as))
    environment = process_environment(layout, stack, os.environ)

    progress("Starting PostgreSQL and the mailbox")
    supervisor = launch(layout, environment)
    postgres.wait_until_ready(layout, state, lambda: supervisor.states().get("postgres") != "fatal")
    postgres.provision(state)
    state = migration.bring_up_to_date(layout, state, environment, progress)

    progress("Starting Airflow")
    since = datetime.now(UTC)
    for component in AIRFLOW:
        supervisor.start(component)
    _wait_until_healthy(layout, state, supervisor, since, progress)
    state = state.model_copy(update={"complete": True})
    save(layout, state)
    return state


def _wait_until_healthy(
    layout: Layout, state: StackState, supervisor: Supervisor, since: datetime | None, progress: Progress
) -> None:
    """Wait until every part runs and each of Airflow's gave a heartbeat (after `since`)."""
    deadline = time.monotonic() + SECONDS_TO_HEALTH
    told: set[str] = set()
    while True:
        states = supervisor.states()
        healthy = health.at_work(health.report(state.airflow_url), since)
        healthy = {c for c in COMPONENTS if states.get(c) == "running" and (c in SERVICES or c in healthy)}
        for component in AIRFLOW:
            if component in healthy - told:
                told.add(component)
                if component == "api-server":
                    health.warm_up(state.airflow_url)
                progress(f"Airflow's {component} is at work")
        missing = [component for component in COMPONENTS if component not in healthy]
        if not missing:
            return
        dead = [component for component in missing if states.get(component) == "fatal"]
        if dead or time.monotonic() > deadline:
            component = (dead or missing)[0]
            raise ComponentFailed(component, layout.log_of(component))
        time.sleep(0.25)


def _stop(layout: Layout, progress: Progress) -> None:
    """Ask the supervisor, then make sure."""
    supervisor = Supervisor(layout)
    if supervisor.answers():
        progress("Stopping; running tasks get some seconds to finish")
        supervisor.shut_down()
        deadline = time.monotonic() + SECONDS_TO_STOP
        while time.monotonic() < deadline and any(p.component == "supervisor" for p in processes.living(layout)):
            time.sleep(0.2)
    if processes.living(layout):
        progress("Ending processes that no one supervises any more")
    left = processes.end_all(layout)
    if left:
        raise StackWouldNotStop(left)
    for stale in (layout.socket, layout.supervisor_pid):
        stale.unlink(missing_ok=True)
    if layout.socket.parent != layout.home:
        with suppress(OSError):
            layout.socket.parent.rmdir()


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Be the only one at work on this stack; waits for another `up` or `down` (`StackBusy` after five minutes)."""
    deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_ANOTHER
    with layout.lock.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StackBusy(layout.home) from None
                time.sleep(0.2)
        yield
