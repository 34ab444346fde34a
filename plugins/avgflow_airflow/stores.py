"""What a DAG is made of when it is parsed, without loading the whole configuration: the stores' names, from the heads
of the catalog files, and when sweeps run, from the policy.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from avgflow.policy.retention import Retention
from avgflow.settings import Settings

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WEEKLY = Retention().schedule


def store_names() -> dict[str, str]:
    """Store -> Dutch title, in the order of the files; a task of each DAG is made for every store."""
    names: dict[str, str] = {}
    for file in sorted(Settings.load().catalog.glob("*.yaml")):
        seen = file.stat()
        store, title = _head(file, seen.st_mtime_ns, seen.st_size)
        names[store] = title
    return names


@lru_cache(maxsize=64)
def _head(file: Path, changed: int, size: int) -> tuple[str, str]:
    """Store and Dutch title; read again only when the file changed, for every task reads its DAG anew."""
    head = yaml.load(file.read_text(encoding="utf-8").split("\ntables:", 1)[0], Loader=_LOADER)  # noqa: S506
    return head["store"], head["title"]["nl"]


def sweep_schedule() -> str:
    """When sweeps run, as cron writes it, in Dutch time (`retention.schedule` in the policy)."""
    file = Settings.load().policy
    seen = file.stat()
    return _schedule(file, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4)
def _schedule(file: Path, changed: int, size: int) -> str:
    said = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER) or {}  # noqa: S506
    return Retention.model_validate({"schedule": (said.get("retention") or {}).get("schedule", _WEEKLY)}).schedule


def pool_of(store: str) -> str:
    """The pool of a store; the same name as `avgflow.catalog.models.Store.pool`, which `avgflow up` makes."""
    return f"store_{store}"
