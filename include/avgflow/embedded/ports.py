"""Free TCP ports on 127.0.0.1, kept between starts where possible so that addresses stay as they were."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections which are only waiting to be forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
        return True


class Reservations:
    """Ports that one start has chosen and its servers do not listen on yet.

    Two stacks that start at the same time see the same free ports. Each holds a lock per chosen port until its
    servers listen, so that the other chooses differently. To be used as a context manager.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir())
        self._held = ExitStack()
        self._ports: set[int] = set()

    def choose(self, preferred: Iterable[int] = ()) -> int:
        """Reserve the first preferred port that is free, else any free one."""
        for port in preferred:
            if self._reserve(port):
                return port
        while True:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind((HOST, 0))
                port = int(probe.getsockname()[1])
            if self._reserve(port):
                return port

    def _reserve(self, port: int) -> bool:
        if port in self._ports or not is_free(port):
            return False
        path = self._folder / f"avgflow-port-{port}.lock"
        try:
            # Never through a link that someone else laid in the shared folder.
            handle = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
            lock = self._held.enter_context(os.fdopen(handle))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        self._held.callback(path.unlink, missing_ok=True)
        self._ports.add(port)
        return True

    def __enter__(self) -> Reservations:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()
