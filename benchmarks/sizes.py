"""Collecting one person, and erasing one, at a thousand and at a hundred thousand subjects."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import collecting, erasing, identify, planning, recounting
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from benchmarks import people
from benchmarks.erasing import NotErased, Taken, planned
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


def measure_erasing(
    small: tuple[int, Environment], large: tuple[int, Environment], persons: Sequence[SubjectTruth]
) -> list[Comparison]:
    """The same people in both sizes, in turns; each is erased once in each."""
    taken: dict[int, list[Taken]] = {small[0]: [], large[0]: []}
    for turn, person in enumerate(persons):
        for subjects, env in (small, large):
            done = _erase(env, person)
            if turn >= WARM_UPS:
                taken[subjects].append(done)

    def compared(name: str, how: str, parts: Sequence[str], goal: float | None = None) -> Iterator[Comparison]:
        # Whoever is in no materialised view has none made anew; of few people that may be all.
        seconds = {
            subjects: tuple(sum(one.seconds[part] for part in parts) for one in found if set(parts) <= set(one.seconds))
            for subjects, found in taken.items()
        }
        ours, baseline = (Series(f"{subjects} subjects", seconds[subjects]) for subjects in (large[0], small[0]))
        if ours.values and baseline.values:
            yield Comparison(name, how, ours, baseline, goal)

    return [
        *compared(
            "Erasing one subject",
            "identify, plan, approval and the four stores by the library, with the register; without the next two",
            ("find", "stores"),
            1.2,
        ),
        *compared(
            "Making the materialised view anew after it",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY: PostgreSQL makes such a view anew as a whole",
            ("views",),
        ),
        *compared(
            "Re-counting after it",
            "the proof by fresh reads; it searches every free text for the person, for which no index helps",
            ("recount",),
        ),
    ]


def _erase(env: Environment, person: SubjectTruth) -> Taken:
    taken = Taken()
    number = people.register(env, person, Right.ERASURE)
    with taken.noted("find"):
        planned(env, number)
    for store in env.catalog.stores:
        with taken.views_apart():
            erasing.run(env, store, [number])
    with taken.noted("recount"):
        proven = recounting.run(env, [number])[number].verdict
    if not proven.passed:
        raise NotErased(f"{number}: {proven.failures}")
    return taken
