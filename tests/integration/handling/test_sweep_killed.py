"""A sweep that is killed anywhere, again and again, ends as one that nothing happened to.

`make test-faults` kills at fifty random moments; here it is a handful, of which some are those that matter most.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from erasure_worker import SECONDS, start_sweep, watch
from handling_world import OFFICER
from real_postgres import Server
from troubled_people import Copy, content, copied

from avgflow.demo.stores import STORES
from avgflow.handling import holding, previewing_sweep, proving_sweep, sweeping
from avgflow.register import chain, events, suppressions, sweeps
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.sweeps import SweepStatus
from avgflow.settings import INCLUDE

TODAY = date(2026, 11, 26)
BATCH = 50
"""Rows in a transaction: few, so that there are many of them."""
TROUBLE = {EventName.STORE_FAILED}


@dataclass(frozen=True)
class End:
    """All that a sweep leaves: rows, figures, counts, events, and whether it is proven."""

    rows: Mapping[str, Any]
    counted: Mapping[Any, Any]
    suppressed: int
    events: Mapping[str, int]
    status: SweepStatus

    def differences(self, other: End) -> list[str]:
        return [
            f"{name} {key}"
            for name in ("rows", "counted", "events")
            for key in {*getattr(self, name), *getattr(other, name)}
            if getattr(self, name).get(key) != getattr(other, name).get(key)
        ] + [name for name in ("suppressed", "status") if getattr(self, name) != getattr(other, name)]


@dataclass(frozen=True)
class Allowed:
    """A sweep that was counted and allowed, in a register and stores that can be copied; how it ends, and by which
    steps in each store, where nothing happens.
    """

    pg: Server
    folder: Path
    register: str
    stores: Mapping[str, str]
    number: str
    end: End
    steps: Mapping[str, Sequence[str]]

    def copy(self) -> Any:
        return with_small_batches(copied(self.pg, self.register, self.stores, (self.number,), self.folder), self.folder)


@contextmanager
def with_small_batches(made: AbstractContextManager[Copy], folder: Path) -> Iterator[Copy]:
    """A copy whose policy has few rows in a transaction."""
    written = yaml.safe_load((INCLUDE / "policy" / "milgro.yaml").read_text(encoding="utf-8"))
    written.setdefault("retention", {})["batch"] = BATCH
    policy = folder / "policy.yaml"
    policy.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    with made as copy:
        site = replace(copy.site, policy=policy)
        office = replace(copy.office, env=site.environment())
        yield replace(copy, site=site, office=office)
        office.env.dispose()


@pytest.fixture(scope="module")
def allowed(pg: Server, _register_template: str, stores: Any, tmp_path_factory: Any) -> Iterator[Allowed]:
    folder = tmp_path_factory.mktemp("swept")
    held = next(one for one in stores.subjects if one.kind == "contact_person" and not one.traits)
    with with_small_batches(copied(pg, _register_template, stores.templates, (), folder), folder) as first:
        env = first.office.env
        holding.place(env, {"email": held.identifiers["email"]}, None, None, "claim", OFFICER)
        sweep = previewing_sweep.preview(env, "scheduled__1", TODAY)
        with transaction(env.register) as conn:
            sweeps.approve(conn, env.keyring, sweep.number, sweep.digest, OFFICER)
        env.dispose()
        register = f"{folder.name.replace('-', '_')}_register"
        pg.create_database(register, owner="register_owner", template=first.register)
    with with_small_batches(copied(pg, register, stores.templates, (sweep.number,), folder), folder) as unbroken:
        steps = {store: steps_of(unbroken, store, sweep.number) for store in STORES}
        end = end_of(unbroken, sweep.number)
    yield Allowed(pg, folder, register, stores.templates, sweep.number, end, steps)
    pg.drop_database(register)


def steps_of(copy: Copy, store: str, number: str) -> list[str]:
    env, steps = copy.site.environment(), list[str]()
    watch(env, store, steps.append)
    sweeping.carry_out(env, number, store)
    env.dispose()
    return steps


def end_of(copy: Copy, number: str) -> End:
    """Prove it and close it, then look at everything."""
    env = copy.office.env
    verdict = proving_sweep.prove(env, number)
    assert verdict.passed, verdict.failures
    closed = proving_sweep.close(env, number, verdict)
    with transaction(env.register) as register:
        assert chain.verify(register, env.keyring).ok
        counted: dict[Any, Any] = dict(sweeps.changed(register, number))
        counted |= {one.store: one for one in sweeps.progress(register, number)}
        history = events.history(register, number)
        told = Counter(str(one.name) for one in history if one.name not in TROUBLE)
        counted |= {f"swept {one.detail['store']}": one.detail for one in history if one.name == EventName.STORE_SWEPT}
        suppressed = len(list(suppressions.suppressions(register)))
    rows = {f"{store}.{name}": found for store in STORES for name, found in content(copy.office, store).items()}
    return End(rows, counted, suppressed, told, closed.status)


PASSES = {"StoreUnsettled", "StoreBusy", "WorkBusy"}
"""Faults after which a task is tried again: the server has not noticed yet that a killed worker is gone."""


def tried(copy: Copy, store: str, number: str, at: int | None = None) -> tuple[bool, str | None]:
    """Let a worker go to its end or to a step; whether it was killed there, and at which or with which fault."""
    patience = time.monotonic() + SECONDS
    while True:
        worker = start_sweep(copy.site, store, number, at)
        name = worker.end()
        if worker.killed or name not in PASSES or time.monotonic() > patience:
            return worker.killed, name
        time.sleep(0.2)


def finished(copy: Copy, store: str, number: str) -> None:
    assert tried(copy, store, number) == (False, None)


def ends_the_same(copy: Copy, allowed: Allowed) -> None:
    for store in STORES:
        finished(copy, store, allowed.number)
    assert allowed.end.differences(end_of(copy, allowed.number)) == []


POINTS: Mapping[str, Callable[[str], bool]] = {
    "with the rows changed": lambda step: step.startswith("store WITH gone AS"),
    "while the intent is written": lambda step: step.startswith("register UPDATE sweep_part"),
    "before the commit": lambda step: step == "store commit",
    "between the commit and the note of it": lambda step: step == "store committed",
    "after the register's note": lambda step: step == "register committed",
}


def positions(steps: Sequence[str], is_it: Callable[[str], bool]) -> list[int]:
    return [nth for nth, step in enumerate(steps, 1) if is_it(step)]


def test_there_are_many_transactions_to_be_killed_in(allowed: Allowed) -> None:
    assert sum(len(positions(steps, POINTS["before the commit"])) for steps in allowed.steps.values()) > 40


@pytest.mark.parametrize("turn", [0, 3, *(pytest.param(n, marks=pytest.mark.faults) for n in (1, 2, 4))])
def test_killed_where_it_matters_it_ends_as_if_nothing_had_happened(allowed: Allowed, turn: int) -> None:
    """In each store at another kind of place, with each turn at yet another; at the first of the kind, and ever later.

    Two turns have every kind of place.
    """
    with allowed.copy() as copy:
        for nth, store in enumerate(STORES):
            point = list(POINTS)[(turn + nth) % len(POINTS)]
            there = positions(allowed.steps[store], POINTS[point])
            killed, name = tried(copy, store, allowed.number, there[len(there) * nth // len(STORES)])
            assert killed, (point, name)
        ends_the_same(copy, allowed)


def kill_at_random(copy: Copy, allowed: Allowed, chance: Random, times: int) -> Counter[str]:
    """Kill it so often: by its own hand after some steps, or from outside at any moment; where each one fell."""
    told: Counter[str] = Counter()
    stores = list(STORES)
    while told.total() < times:
        store = chance.choice(stores)
        steps = len(allowed.steps[store])
        if chance.random() < 0.6:
            worker = start_sweep(copy.site, store, allowed.number, chance.randrange(steps // 3))
        else:
            worker = start_sweep(copy.site, store, allowed.number)
            time.sleep(chance.random() * 0.5)
            worker.kill()
        name = worker.end()
        if worker.killed:
            told[name or "from outside"] += 1
    return told


@pytest.mark.faults
def test_killed_at_random_it_ends_as_if_nothing_had_happened(allowed: Allowed) -> None:
    with allowed.copy() as copy:
        kill_at_random(copy, allowed, Random(1), times=6)
        ends_the_same(copy, allowed)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(3))
def test_killed_fifty_times_at_random_it_ends_as_if_nothing_had_happened(allowed: Allowed, seed: int) -> None:
    with allowed.copy() as copy:
        told = kill_at_random(copy, allowed, Random(seed), times=50)
        print(dict(told))
        ends_the_same(copy, allowed)


def test_killed_while_it_counts_the_same_run_counts_anew(
    pg: Server, allowed: Allowed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a preview writes is there as a whole or not at all."""
    with allowed.copy() as copy:
        env = copy.office.env
        monkeypatch.setattr(previewing_sweep.caps, "asks", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            previewing_sweep.preview(env, "scheduled__2", TODAY)
        monkeypatch.undo()
        with transaction(env.register) as register:
            (begun, *_) = sweeps.list_(register)
            assert begun.status is SweepStatus.PREVIEWING
            assert sweeps.found(register, begun.number) == []
        again = previewing_sweep.preview(env, "scheduled__2", TODAY)
        assert (again.number, again.status) == (begun.number, SweepStatus.PREVIEWED)
        with transaction(env.register) as register:
            first = [vars(one) for one in sweeps.found(register, allowed.number)]
            assert [vars(one) for one in sweeps.found(register, again.number)] == first
