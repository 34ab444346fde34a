"""The sealed files of requests: counting which key seals their lines, and sealing them anew under the newest.

A work file is a line per sealed value. Packages are not among them: they are encrypted with their own passphrase, and
that is a sealed value of the register.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from avgflow.crypto import Keyring
from avgflow.workfile import UNFINISHED, changing

_SEALED = ".sealed"


@dataclass(frozen=True)
class Counted:
    """How many sealed values each key (by fingerprint; None: no key at hand) has in files; `unfinished`: files that are
    being written, or were left by a process that was killed, with a value of an older key.
    """

    values: Counter[str | None]
    files: int
    unfinished: int


def whole(work: Path) -> Iterator[Path]:
    """The sealed files that are whole."""
    yield from sorted(file for file in work.glob(f"*/*{_SEALED}") if not file.name.startswith("."))


def count(work: Path, keyring: Keyring) -> Counted:
    """Look at every sealed file there is now."""
    values: Counter[str | None] = Counter()
    files = unfinished = 0
    newest = keyring.fingerprints[0]
    for file in whole(work):
        found = _values(file, keyring)
        files += bool(found)
        values.update(found)
    for file in work.glob(f"*/.*{_SEALED}.*{UNFINISHED}"):
        # What is cut off in the middle is of no known key, and of no use either.
        keys = {key for key in _values(file, keyring) if key is not None}
        unfinished += bool(keys - {newest})
    return Counted(values, files, unfinished)


def reseal(file: Path, keyring: Keyring) -> int:
    """Seal a file anew where an older key sealed anything in it; how many values that were. A file that is replaced or
    deleted meanwhile is left to whoever did so.
    """
    found = _values(file, keyring)
    newest = keyring.fingerprints[0]
    older = sum(number for key, number in found.items() if key not in (newest, None))
    if not older:
        return 0
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=UNFINISHED)
    made = Path(name)
    try:
        with file.open("rb") as source, os.fdopen(descriptor, "wb") as target:
            for line in source:
                token = line.rstrip(b"\n")
                by = keyring.sealed_by(token)
                target.write(token if by in (newest, None) else keyring.reseal(token))
                target.write(line[len(token) :])
            target.flush()
            os.fsync(target.fileno())
            with changing(file):
                if not _same(file, source.fileno()):
                    return 0
                made.replace(file)
    except FileNotFoundError:
        return 0
    finally:
        made.unlink(missing_ok=True)
    return older


def _values(file: Path, keyring: Keyring) -> Counter[str | None]:
    try:
        with file.open("rb") as lines:
            return Counter(keyring.sealed_by(line.rstrip(b"\n")) for line in lines)
    except FileNotFoundError:
        return Counter()


def _same(file: Path, opened: int) -> bool:
    """Whether this file is the one that was opened: whoever writes one puts a new one in its place."""
    now, then = file.stat(), os.fstat(opened)
    return (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)
