"""`python -m benchmarks`: everything in one run, on a stack of its own, which is gone at the end."""

from __future__ import annotations

import argparse
import sys
import time

from avgflow.handling.environment import Environment
from avgflow.settings import Settings
from benchmarks import figures, people, sizes, stack, statements, whole_run

SMALL, LARGE_SUFFIX = 1000, "_large"


def main() -> None:
    """Measure and report; the exit code says whether it could be measured, not whether the goals are met."""
    options = _options()
    on = figures.machine()
    with stack.running(_told):
        found = _measured(options)
    print(figures.as_json(on, found) if options.json else "\n" + figures.as_text(on, found))


def _measured(options: argparse.Namespace) -> list[figures.Comparison]:
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
        large.dispose()
    small.dispose()
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--pairs", type=int, default=9, help="runs of each DAG that count; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=15, help="repetitions of the rest; 0 leaves it out")
    parser.add_argument("--large", type=int, default=100_000, help="subjects of the larger size; 0 leaves it out")
    return parser.parse_args()


_BEGAN = time.monotonic()


def _told(line: str) -> None:
    print(f"[{time.monotonic() - _BEGAN:4.0f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
