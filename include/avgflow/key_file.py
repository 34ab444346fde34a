"""The register's keys in a file: one Fernet key a line, the newest first. Running processes see a change at once.

With keys in the environment a process knows those that it was started with; with a file a new key serves from the
moment it is in place, so that keys can be rotated while requests run.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avgflow.errors import WrongSetting

VARIABLE = "AVGFLOW_REGISTER_KEYS_FILE"
_TITLE = "# The register's keys, the newest first. Secrets: keep a copy elsewhere, apart from the register's backups."

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class KeyFile:
    """A file of keys; `WrongSetting` where it cannot be read or written."""

    path: Path

    def stamp(self) -> Stamp:
        """What changes whenever the file does."""
        try:
            seen = self.path.stat()
        except OSError as fault:
            raise self._unusable("read", fault) from None
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def read(self) -> tuple[str, ...]:
        """The keys, newest first; lines that begin with # and blank lines are not keys."""
        try:
            text = self.path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as fault:
            raise self._unusable("read", fault) from None
        return split(text)

    def put_first(self, key: str) -> None:
        """Put a key before the others, in one step; the file stays its owner's and nobody else's."""
        self.write((key, *self.read()))

    def write(self, keys: Sequence[str]) -> None:
        """Write the keys; a reader sees the old file or the new one, whatever happens meanwhile."""
        try:
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write("\n".join((_TITLE, *keys)) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                if self.path.exists():
                    self._same_rights(Path(temporary))
                Path(temporary).replace(self.path)
            finally:
                Path(temporary).unlink(missing_ok=True)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # a key that is lost in a power cut takes with it what was sealed by it
            finally:
                os.close(folder)
        except OSError as fault:
            raise self._unusable("written", fault) from None

    def _same_rights(self, file: Path) -> None:
        """Who could read the keys before can do so after: other processes may run as another user."""
        was = self.path.stat()
        file.chmod(was.st_mode & 0o777)
        if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(file, was.st_uid, was.st_gid)

    def _unusable(self, what: str, fault: Exception) -> WrongSetting:
        why = fault.strerror if isinstance(fault, OSError) else "it is not plain ASCII"
        return WrongSetting(f"The file of {VARIABLE} cannot be {what} ({why}). Correct the path or its rights.")


def split(text: str) -> tuple[str, ...]:
    """The keys of a file or a variable, as written on lines or with commas between them."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return tuple(key for line in lines for key in (part.strip() for part in line.split(",")) if key)
