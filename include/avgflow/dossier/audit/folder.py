"""Writing the dossier's folder: each file once, then the manifest of them all. It is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avgflow.dossier.audit import verify
from avgflow.errors import AvgflowError

SCRIPT = "verify.py"


class FolderInUse(AvgflowError):
    """Something stands already where the dossier is to be written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"'{folder}' is there already and not empty. Name another folder; nothing was written.")


class FolderRefused(AvgflowError):
    """The dossier cannot be written where it was asked for."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"The dossier cannot be written to '{folder}' ({why}). Name another folder.")


class Folder:
    """A folder that is being filled; every file in it is counted and hashed as it is written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[dict[str, Any]] = []

    def put(self, path: str, parts: Iterable[bytes]) -> None:
        """Write a file in parts; memory does not grow with it."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with place.open("xb") as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
        self.files.append({"path": path, "bytes": size, "sha256": digest.hexdigest()})

    def put_text(self, path: str, text: str) -> None:
        self.put(path, [text.encode()])

    def put_json(self, path: str, content: Any) -> None:
        """As people and programs read it: indented, UTF-8."""
        self.put_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def manifest(self, form: str, number: str) -> str:
        """Write the manifest of all files so far; its SHA-256."""
        files = sorted(self.files, key=lambda file: str(file["path"]))
        content = verify.written({"format": form, "number": number, "files": files})
        (self.root / verify.MANIFEST).write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def seal(self, seal: Any) -> None:
        """Write the signed seal, the last file."""
        (self.root / verify.SEAL).write_bytes(verify.written(seal))


def script() -> bytes:
    """The script that checks a dossier, as it goes along with each."""
    return Path(verify.__file__).read_bytes()


@contextmanager
def filled(target: Path) -> Iterator[Folder]:
    """A folder that only its owner can read, in the place of `target` once the block ends well; `FolderInUse` or
    `FolderRefused` otherwise, and then nothing is left behind.
    """
    target = target.absolute()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise FolderInUse(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as fault:
        raise FolderRefused(target, fault.strerror or type(fault).__name__) from None
    try:
        yield Folder(made)
        try:
            # Takes the place of an empty folder; fails where something was put there meanwhile.
            os.rename(made, target)  # noqa: PTH104
        except OSError:
            raise FolderInUse(target) from None
    except OSError as fault:
        raise FolderRefused(target, fault.strerror or type(fault).__name__) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
