"""Where the things of one embedded stack lie, and the mark by which its processes are known."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from avgflow.settings import INCLUDE

REPOSITORY = INCLUDE.parent
STACK_VARIABLE = "AVGFLOW_STACK"
COMPONENT_VARIABLE = "AVGFLOW_COMPONENT"

# A unix socket's path holds 107 bytes, and supervisord first binds a neighbour with its process id appended.
LONGEST_SOCKET_PATH = 95


@dataclass(frozen=True)
class Layout:
    """The files and folders of the stack whose home is `home` (absolute)."""

    home: Path

    @classmethod
    def of(cls, home: Path) -> Layout:
        """The layout of a home; symbolic links are followed, so that one folder is one stack."""
        return cls(home.resolve())

    @property
    def mark(self) -> str:
        """The value of `AVGFLOW_STACK` in the environment of each process of this stack."""
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]

    @property
    def cluster_name(self) -> str:
        """PostgreSQL puts this into the title of each of its processes."""
        return f"avgflow-{self.mark}"

    @property
    def state(self) -> Path:
        return self.home / "stack.json"

    @property
    def environment(self) -> Path:
        return self.home / "stack.env"

    @property
    def register_keys(self) -> Path:
        """The register's keys, the newest first."""
        return self.home / "register.keys"

    @property
    def lock(self) -> Path:
        return self.home / "stack.lock"

    @property
    def pgdata(self) -> Path:
        return self.home / "postgres"

    @property
    def mailbox(self) -> Path:
        return self.home / "mailbox"

    @property
    def airflow(self) -> Path:
        """`AIRFLOW_HOME`."""
        return self.home / "airflow"

    @property
    def airflow_passwords(self) -> Path:
        return self.airflow / "passwords.json"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def log_of(self, component: str) -> Path:
        """What a part has to say, or the supervisor about it where it never came to speak."""
        own = self.logs / f"{component}.log"
        return own if own.exists() and own.stat().st_size else self.logs / "supervisord.log"

    @property
    def task_logs(self) -> Path:
        return self.logs / "airflow"

    @property
    def supervisor_configuration(self) -> Path:
        return self.home / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.home / "supervisord.pid"

    @property
    def socket(self) -> Path:
        """The supervisor's socket: in the home, or in the temporary folder where the home's path is too long."""
        inside = self.home / "supervisord.sock"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        return Path(tempfile.gettempdir()) / f"avgflow-{self.mark}" / "s"

    def create_folders(self) -> None:
        """Make the folders, for the owner's eyes only.

        As root, PostgreSQL runs as a user of its own who has to pass through the home (not read it), hence 0711.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.mailbox, self.airflow, self.logs, self.task_logs):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        if self.socket.parent != self.home:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
            owner = self.socket.parent.lstat()
            if owner.st_uid != os.geteuid() or self.socket.parent.is_symlink():
                raise PermissionError(errno.EACCES, "it belongs to someone else", str(self.socket.parent))
            self.socket.parent.chmod(0o700)
