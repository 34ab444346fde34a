"""The stores' names when a DAG is parsed: read from the catalog files' heads, without loading the whole catalog."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from avgflow.settings import Settings


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
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    head = yaml.load(file.read_text(encoding="utf-8").split("\ntables:", 1)[0], Loader=loader)  # noqa: S506
    return head["store"], head["title"]["nl"]


def pool_of(store: str) -> str:
    """The pool of a store; the same name as `avgflow.catalog.models.Store.pool`, which `avgflow up` makes."""
    return f"store_{store}"
