"""The stores' names when a DAG is parsed: read from the catalog files' heads, without loading the whole catalog."""

from __future__ import annotations

import yaml

from avgflow.settings import Settings


def store_names() -> dict[str, str]:
    """Store -> Dutch title, in the order of the files; a task of each DAG is made for every store."""
    names: dict[str, str] = {}
    for file in sorted(Settings.load().catalog.glob("*.yaml")):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        head = yaml.load(file.read_text(encoding="utf-8").split("\ntables:", 1)[0], Loader=loader)  # noqa: S506
        names[head["store"]] = head["title"]["nl"]
    return names


def pool_of(store: str) -> str:
    """The pool of a store; the same name as `avgflow.catalog.models.Store.pool`, which `avgflow up` makes."""
    return f"store_{store}"
