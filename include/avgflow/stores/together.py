"""Work on several stores at the same time: each is a database of its own, and most of the time goes into waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def together(stores: Iterable[str], work: Callable[[str], Result]) -> dict[str, Result]:
    """The result of a piece of work for each store, a thread for each; of several faults the first store's is raised.

    A connection is used by one thread at a time, so `work` keeps to its own store.
    """
    names = list(stores)
    if len(names) == 1:
        return {names[0]: work(names[0])}
    with ThreadPoolExecutor(max_workers=len(names) or 1, thread_name_prefix="store") as threads:
        return dict(zip(names, threads.map(work, names), strict=True))
