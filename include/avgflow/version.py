"""Which avgflow this is."""

from __future__ import annotations

import hashlib
from importlib import metadata

from avgflow.settings import INCLUDE


def release() -> str:
    """The version of the installed package."""
    try:
        return metadata.version("avgflow")
    except metadata.PackageNotFoundError:
        return "unknown"


def source() -> str:
    """SHA-256 in hex over the library's source files and their names, in order of their paths."""
    digest = hashlib.sha256()
    root = INCLUDE / "avgflow"
    for file in sorted(root.rglob("*.py")):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
