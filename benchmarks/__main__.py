"""`python -m benchmarks`: everything in one run, on a stack of its own, which is gone at the end."""

from __future__ import annotations

import argparse
import sys
import time

from avgflow.demo.world import World
from avgflow.handling.environment import Environment
from avgflow.settings import Settings
from benchmarks import erasing, figures, page, people, replaying, sizes, stack, statements, sweeping, whole_run

SMALL, LARGE_SUFFIX = 1000, "_large"
OURS, PLAIN, BACKUP = "_ours", "_plain", "_backup"
MOST = 25
COME_BACK = 17
"""People of whom some hundred rows come back."""


def main() -> None:
    """Measure and report; the exit code says whether it could be measured, not whether the goals are met."""
    options = _options()
    on = figures.machine()
    with stack.running(_told):
        found = _measured(options)
    print(figures.as_json(on, found) if options.json else "\n" + figures.as_text(on, found))


def _measured(options: argparse.Namespace) -> list[figures.Comparison]:
    found: list[figures.Comparison] = [] if options.page else _of_requests(options)
    if options.rounds:
        _told("The page, with fifty thousand requests on the register")
        settings = Settings.load()
        found += page.measure(options.rounds, str(settings.airflow_user), settings.secret("airflow_password"))
    return found


def _of_requests(options: argparse.Namespace) -> list[figures.Comparison]:
    _told(f"Loading {SMALL} subjects")
    persons = people.of_each_kind(stack.fill(SMALL))
    settings = Settings.load()
    small = Environment(settings, settings.store_dsn)
    person = persons["sole_proprietor"]
    found: list[figures.Comparison] = []
    if options.pairs:
        _told("One inzage, against an empty DAG of the same shape")
        found += whole_run.measure(small, person, options.pairs)
    if options.rounds:
        _told("The store work, against plain psycopg")
        found += statements.measure(small, person, options.rounds)
    if options.rounds and options.large:
        _told(f"Loading {options.large} subjects")
        stack.another_set(LARGE_SUFFIX)
        stack.fill(options.large, LARGE_SUFFIX)
        large = Environment(settings, stack.dsns(LARGE_SUFFIX).__getitem__)
        _told("Collecting one person, at both sizes")
        found.append(sizes.measure((SMALL, small), (options.large, large), persons, options.rounds))
        # A database is copied only while nobody is connected to it.
        small.dispose()
        found += _erasing(settings, (options.large, large), options)
        large.dispose()
    small.dispose()
    if options.sweep:
        _told(f"Sweeping {options.sweep} rows, against a hand-written DELETE")
        found += sweeping.measure(options.sweep, options.sweeps)
    return found


def _erasing(
    settings: Settings, large: tuple[int, Environment], options: argparse.Namespace
) -> list[figures.Comparison]:
    """In copies of the small stores, and in the large ones, which nothing else is measured in any more."""
    world = World(1, SMALL)
    stack.same_set(OURS, "")
    stack.same_set(PLAIN, OURS)
    ours, plain = (Environment(settings, stack.dsns(suffix).__getitem__) for suffix in (OURS, PLAIN))
    each = options.rounds + erasing.WARM_UPS
    _told("Erasing one subject, against plain psycopg")
    found = erasing.measure(ours, plain, people.plain(world, "sole_proprietor", 0, 2 * each))
    _told("Erasing one subject, at both sizes")
    found += sizes.measure_erasing(
        (SMALL, ours),
        large,
        [
            *people.plain(world, "visitor", 0, options.rounds // 3),
            *people.plain(world, "sole_proprietor", 2 * each, options.rounds),
        ],
    )
    if options.tombstones:
        _told("Replaying tombstones on a store from a backup")
        back = people.plain(world, "sole_proprietor", 2 * each + options.rounds, COME_BACK)
        found.append(replaying.measure(ours, back, BACKUP, OURS, options.tombstones))
    for env in (ours, plain):
        env.dispose()
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--page", action="store_true", help="measure the register's page alone")
    parser.add_argument("--pairs", type=int, default=9, help="runs of each DAG that count; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=15, help="repetitions of the rest; 0 leaves it out")
    parser.add_argument("--large", type=int, default=100_000, help="subjects of the larger size; 0 leaves it out")
    parser.add_argument(
        "--tombstones", type=int, default=1_000_000, help="as many as are written in two minutes; 0 leaves them out"
    )
    parser.add_argument(
        "--sweep", type=int, default=200_000, help="rows past their term, of five times as many; 0 leaves them out"
    )
    parser.add_argument("--sweeps", type=int, default=3, help="how often they are swept")
    options = parser.parse_args()
    if options.rounds > MOST:
        parser.error(f"a person is erased once, and there are enough for {MOST} rounds")
    return options


_BEGAN = time.monotonic()


def _told(line: str) -> None:
    print(f"[{time.monotonic() - _BEGAN:4.0f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
