"""A worker in a process of its own that erases in one store, and can be killed or stopped at any step of it.

A step is a statement on the store, a statement on the register that writes, or a commit of either: once when it is
about to be made, once when it is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from sqlalchemy import Engine, event

from avgflow.handling import erasing, replaying, sweeping
from avgflow.handling.environment import Environment
from avgflow.register import locks
from avgflow.settings import Settings

SECONDS = 60
"""More than anything here takes."""

# Clean processes that have the code loaded: forked from one that has no thread and no connection.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["avgflow.handling.erasing", "avgflow.handling.sweeping", "avgflow.handling.environment"]
)


@dataclass(frozen=True)
class Site:
    """One installation, as another process needs it."""

    home: Path
    register: str
    register_key: str
    hash_key: str
    stores: Mapping[str, str]
    policy: Path | None = None
    """A policy file of its own."""

    def environment(self) -> Environment:
        settings = Settings(
            home=self.home,
            register_dsn=SecretStr(self.register),
            register_keys=SecretStr(self.register_key),
            hash_key=SecretStr(self.hash_key),
        )
        if self.policy is not None:
            settings = settings.model_copy(update={"policy": self.policy})
        return Environment(settings, lambda connection: self.stores[connection.removeprefix("store_")])


def watch(env: Environment, store: str, step: Callable[[str], None]) -> None:
    """Call `step` with a name after each step: `store DELETE FROM public.contact`, `register commit`, …"""
    for side, engine in (("store", env._engine(store)), ("register", env.register)):
        _watch(engine, side, step)


def _watch(engine: Engine, side: str, step: Callable[[str], None]) -> None:
    writes = False

    @event.listens_for(engine, "after_cursor_execute")
    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal writes
        words = statement.split()[:3]
        if side == "store" or words[0] in ("INSERT", "UPDATE"):
            writes = True
            step(f"{side} {' '.join(words)}")

    commit = engine.dialect.do_commit

    def committed(connection: Any) -> None:
        nonlocal writes
        written, writes = writes, False
        if written:
            step(f"{side} commit")
        commit(connection)
        if written:
            step(f"{side} committed")

    engine.dialect.do_commit = committed  # type: ignore[method-assign]


def steps_of(site: Site, store: str, number: str) -> list[str]:
    """Erase, and tell the steps it took."""
    env, steps = site.environment(), list[str]()
    watch(env, store, steps.append)
    erasing.run(env, store, [number])
    env.dispose()
    return steps


def _erase(env: Environment, store: str, number: str | None) -> None:
    if number is None:
        replaying.run(env, store)
    else:
        erasing.run(env, store, [number])


def _sweep(env: Environment, store: str, number: str) -> None:
    sweeping.carry_out(env, number, store)


Job = Callable[[Environment, str, Any], None]
"""What a worker does, with the store and the number."""


def _work(
    site: Site,
    job: Job,
    store: str,
    number: str | None,
    at: int | None,
    by: int,
    told: Connection,
    begin: Any,
    wait: str,
) -> None:
    locks._LONGEST_WAIT = wait
    env, steps = site.environment(), list[str]()

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == at:
            told.send(name)
            os.kill(os.getpid(), by)

    watch(env, store, step)
    if begin is not None:
        begin.wait(SECONDS)
    if at == 0:
        told.send("nothing yet")
        os.kill(os.getpid(), by)
    try:
        job(env, store, number)
        told.send(None)
    except Exception as fault:  # noqa: BLE001  what it came to is told
        told.send(type(fault).__name__)
    env.dispose()


@dataclass
class Worker:
    """A process that erases. `told`: at which step it was stopped or killed, the name of its fault, or None."""

    process: Any
    _told: Connection
    _last: str | None = None

    def end(self) -> str | None:
        """Wait for its end: the step it was killed at, the name of its fault, or None where all went well."""
        self.process.join(SECONDS)
        assert not self.process.is_alive(), "the worker hangs"
        assert self.process.exitcode in (0, -signal.SIGKILL)
        with suppress(EOFError):
            while self._told.poll():
                self._last = self._told.recv()
        return self._last

    @property
    def killed(self) -> bool:
        return bool(self.process.exitcode == -signal.SIGKILL)

    def wait_until_stopped(self) -> str:
        assert self._told.poll(SECONDS), "it never came to that step"
        name: str = self._told.recv()
        patience = time.monotonic() + SECONDS
        while psutil.Process(self.process.pid).status() != psutil.STATUS_STOPPED:
            assert time.monotonic() < patience
            time.sleep(0.01)
        return name

    def kill(self) -> None:
        """Wherever it is."""
        self.process.kill()

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


def start(
    site: Site,
    store: str,
    number: str | None,
    at: int | None = None,
    by: int = signal.SIGKILL,
    begin: Any = None,
    wait: str = "30s",
) -> Worker:
    """Start a worker that erases for this request, or without one replays.

    It sends itself a signal after so many steps (0: before the first); `begin`: a barrier.
    """
    return _started(site, _erase, store, number, at, by, begin, wait)


def start_sweep(site: Site, store: str, number: str, at: int | None = None) -> Worker:
    """Start a worker that carries out a sweep; after so many steps it kills itself."""
    return _started(site, _sweep, store, number, at, signal.SIGKILL, None, "30s")


def _started(
    site: Site, job: Job, store: str, number: str | None, at: int | None, by: int, begin: Any, wait: str
) -> Worker:
    told, tell = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_work, args=(site, job, store, number, at, by, tell, begin, wait), daemon=True)
    process.start()
    tell.close()
    return Worker(process, told)


def killed(site: Site, store: str, number: str | None, at: int) -> str | None:
    """Let a worker be killed after so many steps; the name of the step, None where it came to its end before."""
    worker = start(site, store, number, at)
    name = worker.end()
    return name if worker.killed else None


def barrier(parties: int) -> Any:
    return _PROCESSES.Barrier(parties)


@contextmanager
def stopped(site: Site, store: str, number: str, at: int, wait: str = "30s") -> Iterator[Worker]:
    """A worker that stands still after so many steps; it goes on at the end of the block, at the latest."""
    worker = start(site, store, number, at, signal.SIGSTOP, wait=wait)
    worker.wait_until_stopped()
    try:
        yield worker
    finally:
        worker.go_on()
        worker.end()
