"""`python -m benchmarks [--json] [--large N] [--pairs N]`: starts a stack of its own and takes it down at the end."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = 1_000


def main() -> None:
    """Measure everything; print medians and ratios."""
    options = argparse.ArgumentParser(prog="python -m benchmarks")
    options.add_argument("--json", action="store_true", help="print one JSON document")
    options.add_argument("--large", type=int, default=100_000, help="people in the larger stores")
    options.add_argument("--pairs", type=int, default=9, help="counted pairs of runs")
    chosen = options.parse_args()
    # Ended from outside, it takes its stack down all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    with tempfile.TemporaryDirectory(prefix="avgflow-bench-") as folder:
        # Before anything of avgflow is imported: it reads its home from here.
        os.environ["AVGFLOW_HOME"] = str(Path(folder) / "home")
        measured = _measured(Path(folder), chosen.large, chosen.pairs)
    if chosen.json:
        print(json.dumps([figure.to_json() for figure in measured], indent=2))
        return
    print(f"\n{os.cpu_count()} cores, Python {sys.version.split()[0]}; medians, pairs measured in turn.\n")
    for figure in measured:
        print(figure.line())


def _measured(folder: Path, large: int, pairs: int):  # type: ignore[no-untyped-def]
    from avgflow.airflow_api import AirflowApi
    from avgflow.cli.demo import fill
    from avgflow.embedded import stack
    from avgflow.handling.environment import of_settings
    from benchmarks import store_work, whole_run

    def told(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found = stack.up(told, _repository(folder))
    try:
        login = found.as_json()["airflow"]
        env = of_settings()
        pools = (store.pool for store in env.catalog.stores.values())
        AirflowApi(login["url"], login["user"], login["password"]).ensure_pools(pools)
        fill(SMALL, seed=1, truth=None)
        people = _people(SMALL)
        told("Measuring whole runs")
        figures = [whole_run.measure(env, people, warm_ups=3, pairs=pairs)]
        told("Measuring the store work")
        figures.append(store_work.against_psycopg(env, people, rounds=6 * len(people)))
        small = _rounds(env, people)
        fill(large, seed=1, truth=None)
        figures.append(store_work.sizes(small, _rounds(env, people), (f"{SMALL:,}", f"{large:,}")))
        return figures
    finally:
        stack.down(told)


def _rounds(env, people):  # type: ignore[no-untyped-def]
    """The seconds of five rounds over the people, after one that is not counted."""
    from benchmarks import store_work

    for person in people:
        store_work.one_person(env, person)
    return [store_work.one_person(env, person) for _ in range(5) for person in people]


def _people(subjects: int) -> list[dict[str, str]]:
    """Eight people with nothing awkward about them; the same ones whatever the size, for the seed makes them."""
    from avgflow.demo import truth
    from avgflow.demo.world import World

    found = [person for person in truth.of_block(World(1, subjects).block(0)).subjects if not person.traits]
    return [{"email": person.identifiers["email"]} for person in found[:8]]


def _repository(folder: Path) -> Path:
    """The project as the stack wants it, with the empty run beside its DAGs."""
    repository = folder / "repository"
    (repository / "dags").mkdir(parents=True)
    for name in ("plugins", "config"):
        (repository / name).symlink_to(REPOSITORY / name)
    for dag in (REPOSITORY / "dags/access_request.py", REPOSITORY / "benchmarks/dags/empty_request.py"):
        (repository / "dags" / dag.name).write_text(dag.read_text(encoding="utf-8"), encoding="utf-8")
    return repository


if __name__ == "__main__":
    main()
