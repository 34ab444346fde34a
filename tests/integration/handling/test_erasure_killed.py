"""An erasure that is killed at any step, stands still, or is run twice at once, ends as one that nothing happened to.

`make test-faults` kills at every step of every store for people of every kind; here it is a handful of steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest
from erasure_worker import barrier, killed, start, steps_of, stopped
from real_postgres import Server
from troubled_people import Copy, End, approve, copied, end_of, finish

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.register.locks import WorkBusy

KINDS = ("sole_proprietor", "contact_person", "visitor", "portal_only")
AWKWARD = ("very_much", "subscribed_twice")


@dataclass(frozen=True)
class Approved:
    """Approved erasures that can be copied, how they end where nothing happens, and by which steps."""

    pg: Server
    folder: Path
    register: str
    stores: Mapping[str, str]
    numbers: tuple[str, ...]
    end: End
    steps: Mapping[tuple[str, str], Sequence[str]]

    def copy(self) -> Any:
        """A copy of register and stores (`Copy`), dropped at the end of a `with` block."""
        return copied(self.pg, self.register, self.stores, self.numbers, self.folder)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each store with each request."""
        return list(product(STORES, self.numbers))


def made(pg: Server, template: str, stores: Any, people: Sequence[SubjectTruth], folder: Path) -> Iterator[Approved]:
    with copied(pg, template, stores.templates, (), folder) as first:
        numbers = approve(first.office, people)
        first.office.env.dispose()
        register = f"{folder.name.replace('-', '_')}_register"
        pg.create_database(register, owner="register_owner", template=first.register)
    with copied(pg, register, stores.templates, numbers, folder) as untroubled:
        steps = {(store, number): steps_of(untroubled.site, store, number) for number in numbers for store in STORES}
        finish(untroubled.office, numbers)
        end = end_of(untroubled.office, numbers)
    yield Approved(pg, folder, register, stores.templates, numbers, end, steps)
    pg.drop_database(register)


@pytest.fixture(scope="module")
def few(pg: Server, _register_template: str, stores: Any, tmp_path_factory: Any) -> Iterator[Approved]:
    """Of two people."""
    people = [plain(stores.subjects, "sole_proprietor", EVENTS), plain(stores.subjects, "contact_person", EVENTS)]
    yield from made(pg, _register_template, stores, people, tmp_path_factory.mktemp("few"))


@pytest.fixture(scope="module")
def many(pg: Server, _register_template: str, stores: Any, tmp_path_factory: Any) -> Iterator[Approved]:
    """Of people of every kind."""
    people = [
        *(plain(stores.subjects, kind) for kind in KINDS),
        *(next(person for person in stores.subjects if trait in person.traits) for trait in AWKWARD),
    ]
    yield from made(pg, _register_template, stores, people, tmp_path_factory.mktemp("many"))


EVENTS = "marketing.public.event"


def plain(people: Sequence[SubjectTruth], kind: str, holds: str | None = None) -> SubjectTruth:
    """The first with nothing awkward about them, with rows in this table."""
    return next(
        person
        for person in people
        if person.kind == kind and not person.traits and (holds is None or holds in person.owned)
    )


def ends_the_same(copy: Copy, approved: Approved) -> None:
    finish(copy.office, copy.numbers)
    assert approved.end.differences(end_of(copy.office, copy.numbers)) == []


# Killed --------------------------------------------------------------------------------------------------------------

POINTS = (
    ("before anything", None),
    ("at the first change", ("store UPDATE", "store DELETE")),
    ("with all of it done", ("store SELECT pg_current_xact_id",)),
    ("while the intent is written", ("register INSERT INTO intent",)),
    ("before the commit", ("store commit",)),
    ("after the commit", ("store committed",)),
    ("after a view was made anew", ("store REFRESH", "store committed")),
    ("before the receipt is committed", ("register INSERT INTO receipt",)),
)


def position(steps: Sequence[str], names: tuple[str, ...] | None) -> int:
    """After how many steps the first with one of these names is done; the names are tried in turn."""
    for name in names or ():
        for done, step in enumerate(steps, 1):
            if step.startswith(name):
                return done
    return 0


@pytest.mark.parametrize("turn", [0, pytest.param(3, marks=pytest.mark.faults)])
def test_killed_at_any_point_it_ends_as_if_nothing_had_happened(few: Approved, turn: int) -> None:
    """Each store and person is killed at another point; with each turn at yet another."""
    with few.copy() as copy:
        for nth, (store, number) in enumerate(few.pairs):
            _, names = POINTS[(turn + nth) % len(POINTS)]
            at = position(few.steps[store, number], names)
            assert killed(copy.site, store, number, at) is not None
        ends_the_same(copy, few)


@pytest.mark.faults
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(few: Approved) -> None:
    """Each run gets some steps further than the one before."""
    with few.copy() as copy:
        die_on_and_on(copy, "marketing", few.numbers[0], stride=6)
        die_on_and_on(copy, "crm", few.numbers[0], stride=6)
        ends_the_same(copy, few)


def die_on_and_on(copy: Copy, store: str, number: str, stride: int) -> None:
    at = 0
    while killed(copy.site, store, number, at) is not None:
        at += stride


@pytest.mark.faults
@pytest.mark.parametrize("at", range(70))
def test_killed_at_every_step_it_ends_as_if_nothing_had_happened(many: Approved, at: int) -> None:
    if all(at > len(steps) for steps in many.steps.values()):
        pytest.skip("no store takes so many steps")
    with many.copy() as copy:
        for store, number in many.pairs:
            name = killed(copy.site, store, number, at)
            steps = many.steps[store, number]
            assert name == ("nothing yet" if at == 0 else steps[at - 1] if at <= len(steps) else None)
        ends_the_same(copy, many)


@pytest.mark.faults
def test_every_step_was_killed(many: Approved) -> None:
    assert max(map(len, many.steps.values())) < 70


@pytest.mark.faults
def test_killed_at_every_step_again_and_again_it_ends_as_if_nothing_had_happened(few: Approved) -> None:
    with few.copy() as copy:
        for store, number in few.pairs:
            die_on_and_on(copy, store, number, stride=1)
        ends_the_same(copy, few)


# Twice at once -------------------------------------------------------------------------------------------------------


def test_two_workers_that_begin_at_once_do_it_once(few: Approved) -> None:
    with few.copy() as copy:
        for store in STORES:
            begin = barrier(2)
            pair = [start(copy.site, store, few.numbers[0], begin=begin) for _ in range(2)]
            assert [worker.end() for worker in pair] == [None, None]
        ends_the_same(copy, few)


def standing_still(approved: Approved, points: Iterable[str]) -> Iterator[tuple[str, str, str, int]]:
    """Each point in a store of its own where something is changed: point, store, number, and after how many steps."""
    change = dict(POINTS)["at the first change"]
    pairs = iter([pair for pair in approved.pairs if position(approved.steps[pair], change)])
    for point in points:
        store, number = next(pairs)
        yield point, store, number, position(approved.steps[store, number], dict(POINTS)[point])


def test_while_one_worker_stands_still_another_waits_and_then_says_so(few: Approved) -> None:
    with few.copy() as copy:
        for point, store, number, at in standing_still(few, [point for point, _ in POINTS[1:6]]):
            with stopped(copy.site, store, number, at) as first:
                assert start(copy.site, store, number, wait="300ms").end() == WorkBusy.__name__, point
            assert first.end() is None, point
        ends_the_same(copy, few)


WITHOUT_LOCK = {
    "at the first change": ("StoreBusy", None),
    "with all of it done": ("StoreBusy", None),
    "before the commit": ("StoreUnsettled", None),
    "after the commit": (None, None),
}
"""What comes of the second worker and then of the first."""


def test_a_worker_that_stands_still_and_lost_its_lock_does_no_harm(few: Approved) -> None:
    """The register was restarted meanwhile, so another worker begins the same work."""
    with few.copy() as copy:
        for point, store, number, at in standing_still(few, WITHOUT_LOCK):
            with stopped(copy.site, store, number, at) as first:
                lose_locks(copy.register_of_superuser)
                second = start(copy.site, store, number).end()
            assert (second, first.end()) == WITHOUT_LOCK[point], point
        ends_the_same(copy, few)


def lose_locks(register: str) -> None:
    """End the connections that hold a lock of the application, as a restart of the register does."""
    with psycopg.connect(register, autocommit=True) as connection:
        ended = connection.execute("""
            SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """).fetchall()
    assert ended == [(True,)]
