"""Collecting one person at a thousand and at a hundred thousand subjects: identify, plan and the four collects."""

from __future__ import annotations

import time
from collections.abc import Mapping

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import collecting, identify, planning
from avgflow.handling.environment import Environment
from benchmarks import people
from benchmarks.figures import Comparison, Series

WARM_UPS = 1


def measure(
    small: tuple[int, Environment], large: tuple[int, Environment], persons: Mapping[str, SubjectTruth], rounds: int
) -> Comparison:
    """The same people in both sizes, in turns; connections stay open, as they would in one process."""
    taken: dict[int, list[float]] = {small[0]: [], large[0]: []}
    for turn in range(WARM_UPS + rounds):
        for person in persons.values():
            for subjects, env in (small, large):
                seconds = _collect(env, person)
                if turn >= WARM_UPS:
                    taken[subjects].append(seconds)
    counts = ", ".join(f"{kind} {people.rows(person)}" for kind, person in persons.items())
    how = f"identify, plan and the four collects by the library, with the register; rows: {counts}"
    ours, baseline = (Series(f"{subjects} subjects", tuple(taken[subjects])) for subjects in (large[0], small[0]))
    return Comparison("Collecting one person", how, ours, baseline, 1.2)


def _collect(env: Environment, person: SubjectTruth) -> float:
    number = people.register(env, person)
    began = time.perf_counter()
    identify.identify(env, [number])
    planning.make(env, [number])
    for store in env.catalog.stores:
        collecting.run(env, store, [number])
    return time.perf_counter() - began
