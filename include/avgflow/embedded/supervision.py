"""The supervisor of the embedded stack: `supervisord`, on a unix socket that only its owner can reach."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from avgflow.embedded.faults import ComponentFailed
from avgflow.embedded.layout import COMPONENT_VARIABLE, Layout


@dataclass(frozen=True)
class Program:
    """One supervised part of the stack. Parts with a higher `order` start later and stop earlier."""

    name: str
    command: Sequence[str]
    order: int
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 8
    whole_group: bool = True
    """Whether the request to stop goes to the part's children too, or to its first process alone."""
    starts_with_supervisor: bool = False


def configuration(layout: Layout, programs: Sequence[Program], run_as: str | None) -> str:
    """`supervisord.conf`. `run_as` is the user that supervisord keeps running as, named when that is root.

    Paths are relative to the home, from which it is started: supervisord expands % in some of them twice.
    """

    def near(path: Path) -> str:
        inside = path.relative_to(layout.home) if path.is_relative_to(layout.home) else path
        return str(inside).replace("%", "%%")

    lines = [
        "; Written by avgflow at each start.",
        "[unix_http_server]",
        f"file={near(layout.socket)}",
        "chmod=0700",
        "[supervisord]",
        f"logfile={near(layout.logs / 'supervisord.log')}",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        f"pidfile={near(layout.supervisor_pid)}",
        f"childlogdir={near(layout.logs)}",
        f"identifier={layout.cluster_name}",
        "umask=077",
        *([f"user={run_as}"] if run_as else []),
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in programs:
        lines += [
            f"[program:{program.name}]",
            f"command={shlex.join(program.command).replace('%', '%%')}",
            f'environment={COMPONENT_VARIABLE}="{program.name}"',
            f"priority={program.order}",
            f"autostart={_yes(program.starts_with_supervisor)}",
            "autorestart=true",
            "startsecs=1",
            "startretries=5",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            f"stopasgroup={_yes(program.whole_group)}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={near(layout.logs / f'{program.name}.log')}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
            *([f"user={program.user}"] if program.user else []),
        ]
    return "\n".join(lines) + "\n"


def _yes(value: bool) -> str:
    return "true" if value else "false"


class Supervisor:
    """A connection to the supervisor of one stack."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def _call(self, method: str, *arguments: object) -> Any:
        # A new connection for each call: supervisord may have been replaced in between.
        # Only where there is an embedded stack is this library there.
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.layout.socket}")
        try:
            with ServerProxy("http://127.0.0.1", transport=transport) as server:
                return getattr(server.supervisor, method)(*arguments)
        finally:
            transport.close()

    def answers(self) -> bool:
        """Whether supervisord runs and takes orders."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, HTTPException, Fault):
            return False

    def states(self) -> dict[str, str]:
        """The state of each part in supervisord's words, in small letters; empty where it does not answer."""
        try:
            return {part["name"]: part["statename"].lower() for part in self._call("getAllProcessInfo")}
        except (OSError, HTTPException, Fault):
            return {}

    def start(self, component: str) -> None:
        """Have a part started; one that runs already is left alone."""
        with suppress(Fault):
            self._call("startProcess", component, False)

    def shut_down(self) -> None:
        """Ask supervisord to stop every part, the last in order first, and then itself."""
        with suppress(OSError, HTTPException, Fault):
            self._call("shutdown")


def launch(layout: Layout, environment: Mapping[str, str], seconds: float = 15.0) -> Supervisor:
    """Start supervisord, detached from this terminal, and wait until it takes orders (`ComponentFailed`)."""
    layout.socket.unlink(missing_ok=True)
    log = layout.logs / "supervisord.log"
    command = [
        sys.executable, "-m", "supervisor.supervisord", "--configuration", str(layout.supervisor_configuration)
    ]  # fmt: skip
    with (layout.logs / "supervisord.start.log").open("w") as output:
        started = subprocess.run(  # noqa: S603 (the command is ours)
            command,
            env={**environment, COMPONENT_VARIABLE: "supervisor"},
            cwd=layout.home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    supervisor = Supervisor(layout)
    deadline = time.monotonic() + seconds
    while started.returncode == 0 and time.monotonic() < deadline:
        if supervisor.answers():
            return supervisor
        time.sleep(0.05)
    raise ComponentFailed("supervisor", log if log.exists() else Path(output.name))
