"""Catalog and policy, read anew only where one of their files changed.

Tasks are forked from a process that has read them already (`avgflow.handling.readiness`), so a task reads none.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

from avgflow.catalog import load as catalogs
from avgflow.catalog.models import Catalog
from avgflow.policy import models as policies
from avgflow.policy.models import Policy

Made = TypeVar("Made")
State = tuple[tuple[str, int, int], ...]
"""Of each file: name, time of its last change (ns), size (bytes)."""

_kept: dict[Hashable, tuple[State, Any]] = {}


def catalog(folder: Path) -> Catalog:
    """The catalog of a folder; `WrongConfiguration` where it cannot be used."""
    return _unchanged(("catalog", folder), _state(*_files(folder)), lambda: catalogs.load(folder))


def policy(file: Path, folder: Path) -> Policy:
    """The policy of a file, checked against the catalog of a folder; `WrongConfiguration` where they do not fit."""

    def read() -> Policy:
        found = policies.load(file)
        catalogs.check_against(catalog(folder), found)
        return found

    return _unchanged(("policy", file, folder), _state(file, *_files(folder)), read)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _state(*files: Path) -> State:
    found = [(file, file.stat()) for file in files if file.exists()]
    return tuple((str(file), seen.st_mtime_ns, seen.st_size) for file, seen in found)


def _unchanged(key: Hashable, state: State, make: Callable[[], Made]) -> Made:
    """What was made before, if the files are as they were; a failure is not kept."""
    before = _kept.get(key)
    if before is None or before[0] != state:
        _kept[key] = before = (state, make())
    made: Made = before[1]
    return made
