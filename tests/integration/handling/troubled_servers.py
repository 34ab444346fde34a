"""Servers that fail on purpose: a PostgreSQL that crashes and comes back, and a wire that breaks at a COMMIT."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from avgflow.embedded import postgres
from avgflow.embedded.layout import Layout
from avgflow.embedded.postgres import Programs
from avgflow.embedded.state import StackState, with_free_ports


@dataclass
class Crashing:
    """A PostgreSQL server of its own that keeps its promises in a crash (of itself, not of the machine)."""

    layout: Layout
    programs: Programs
    state: StackState
    _server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        postgres.write_configuration(self.layout, self.programs, self.state)
        with (self.layout.logs / "postgres.log").open("a") as log:
            server = subprocess.Popen(
                [*postgres.command(self.layout, self.programs), "-c", "fsync=off"],
                user=self.programs.system_user,
                cwd="/",
                stdout=log,
                stderr=log,
            )
        self._server = server
        postgres.wait_until_ready(self.layout, self.state, alive=lambda: server.poll() is None)

    def crash(self) -> None:
        """An immediate shutdown: nothing is written any more, whoever is connected is thrown out."""
        self._stop(signal.SIGQUIT)

    def stop(self) -> None:
        self._stop(signal.SIGINT)

    def _stop(self, by: int) -> None:
        if self._server is not None:
            self._server.send_signal(by)
            self._server.wait(timeout=60)
            self._server = None


@contextmanager
def crashing() -> Iterator[Crashing]:
    # Not in a folder of pytest, which closes those to PostgreSQL's own user whenever it starts.
    home = Path(tempfile.mkdtemp(prefix="avgflow-test-"))
    layout = Layout.of(home)
    layout.create_folders()
    server = Crashing(layout, postgres.programs(layout, progress=lambda line: None), with_free_ports(None))
    postgres.ensure_data_folder(layout, server.programs, server.state)
    try:
        server.start()
        postgres.provision(server.state)
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def transfer(programs: Programs, source: str, target: str, folder: Path) -> None:
    """What is in one database into another, by a dump."""
    restore(programs, dump(programs, source, folder / "transfer.dump"), target)


def programs_in(folder: Path) -> Programs:
    """PostgreSQL's programs, told by any folder of one's own."""
    return postgres.programs(Layout.of(folder), progress=lambda line: None)


def dump(programs: Programs, dsn: str, file: Path) -> Path:
    """A backup, as `pg_dump` makes it."""
    _run(programs, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={file}", dsn)
    return file


def restore(programs: Programs, file: Path, dsn: str) -> None:
    """The backup in an empty database, with all its data, keys and triggers."""
    _run(programs, "pg_restore", "--no-owner", "--exit-on-error", "--clean", "--if-exists", f"--dbname={dsn}", file)


def _run(programs: Programs, program: str, *words: Any) -> None:
    subprocess.run([programs.folder / program, *words], check=True, timeout=120)


Where = Literal["before", "after"]


@dataclass
class Wire:
    """A wire to a server that breaks once, at the first COMMIT: before it arrives, or before its answer does."""

    server: tuple[str, int]
    breaks: Where
    broken: int = 0
    _door: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)

    def dsn(self, dsn: str) -> str:
        """The same database, reached through the wire."""
        parts = urlsplit(dsn)
        credentials = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{self._door.getsockname()[1]}"))

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self.server)
                self._open += [client, server]
                cut = threading.Event()
                for work in (self._up, self._down):
                    threading.Thread(target=work, args=(client, server, cut), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and not self.broken:
                    self.broken += 1
                    cut.set()
                    if self.breaks == "before":
                        break
                server.sendall(data)
        _close(server if not cut.is_set() or self.breaks == "before" else client, client)

    def _down(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if cut.is_set():
                    break
                client.sendall(data)
        _close(client, server)

    def close(self) -> None:
        _close(self._door, *self._open)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def wire(dsn: str, breaks: Where) -> Iterator[Wire]:
    parts = urlsplit(dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    made = Wire((parts.hostname, parts.port), breaks)
    threading.Thread(target=made.serve, daemon=True).start()
    try:
        yield made
    finally:
        made.close()
