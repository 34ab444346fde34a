"""Finding and ending every process of one stack, whoever started it and whatever became of its parents.

A process belongs to the stack when its environment carries the stack's mark. PostgreSQL overwrites the
environment that the system shows; its processes carry the mark in their titles (`cluster_name`) instead.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from avgflow.embedded.layout import COMPONENT_VARIABLE, STACK_VARIABLE, Layout


@dataclass(frozen=True)
class Found:
    """A process of the stack."""

    process: psutil.Process
    component: str | None
    """The part it works for, where known ('postgres', 'scheduler', …)."""


def component_of(layout: Layout, environ: Mapping[str, str], cmdline: Sequence[str]) -> str | None:
    """The part of the stack that a process works for: '' where it has the mark alone, None where it is not ours."""
    if environ.get(STACK_VARIABLE) == layout.mark:
        return environ.get(COMPONENT_VARIABLE, "")
    if cmdline and cmdline[0].startswith(f"postgres: {layout.cluster_name}: "):
        return "postgres"
    if len(cmdline) >= 3 and Path(cmdline[0]).name == "postgres" and "-D" in cmdline[1:-1]:
        data = cmdline[list(cmdline).index("-D") + 1]
        if data == str(layout.pgdata):
            return "postgres"
    return None


def living(layout: Layout) -> list[Found]:
    """Every live process of the stack except this one and those that it came from."""
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in spared:
            continue
        component = component_of(layout, *_looks(process))
        if component is not None and _lives(process):
            found.append(Found(process, component or None))
    return found


def _looks(process: psutil.Process) -> tuple[dict[str, str], list[str]]:
    try:
        cmdline = process.cmdline()
    except (psutil.Error, OSError):
        return {}, []
    try:
        return process.environ(), cmdline
    except (psutil.Error, OSError):
        # Another user's: a container's root may not look into it, but the title is there for all.
        return {}, cmdline


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end_all(layout: Layout, polite_seconds: float = 6.0, seconds: float = 30.0) -> list[int]:
    """End every process of the stack, also when its supervisor is gone or does not answer.

    The supervisor goes first, so that it starts nothing anew. The scheduler and its tasks are killed: Airflow takes
    up killed tasks at the next start, whereas a task that is asked to stop reports that it failed. The others are
    asked; PostgreSQL is last ('fast shutdown', which loses nothing). What does not heed within `polite_seconds` is
    killed. Returns the ids of processes that are left after `seconds` (normally none).
    """
    deadline = time.monotonic() + seconds
    _end(layout, lambda found: found.component == "supervisor", signal.SIGKILL, 1)
    _end(layout, lambda found: found.component == "scheduler", signal.SIGKILL, 2)
    _end(layout, lambda found: found.component != "postgres", signal.SIGTERM, polite_seconds)
    _end(layout, lambda found: found.component == "postgres", signal.SIGINT, polite_seconds)
    while time.monotonic() < deadline:
        left = living(layout)
        if not left:
            return []
        for found in left:
            _send(found.process, signal.SIGKILL)
        time.sleep(0.1)
    return [found.process.pid for found in living(layout)]


def end_component(layout: Layout, component: str, seconds: float = 3.0) -> None:
    """Kill what is left of an earlier life of one component (other than this process)."""
    _end(layout, lambda found: found.component == component, signal.SIGKILL, seconds)


def _end(layout: Layout, chosen: Callable[[Found], bool], number: signal.Signals, seconds: float) -> None:
    """Send a signal once to each chosen process, also to new ones, and kill those that outlast the time."""
    asked: set[int] = set()
    deadline = time.monotonic() + seconds
    while left := [found for found in living(layout) if chosen(found)]:
        late = time.monotonic() >= deadline
        for found in left:
            if late:
                _send(found.process, signal.SIGKILL)
            elif found.process.pid not in asked and not _is_postgres_child(found, left):
                asked.add(found.process.pid)
                _send(found.process, number)
        if late:
            return
        time.sleep(0.1)


def _is_postgres_child(found: Found, others: Sequence[Found]) -> bool:
    """PostgreSQL's children take signals from their parent only: the same number means something else to them."""
    if found.component != "postgres":
        return False
    with suppress(psutil.Error):
        return found.process.ppid() in {other.process.pid for other in others}
    return True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)
