"""Erasing one person in four stores by the library, against the very same statements sent by plain psycopg.

A person is erased once. So each is erased twice, in two equal sets of stores: by the library in the one, where every
statement is noted with its values, and by psycopg in the other, with these.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Connection, Engine, event

from avgflow.catalog.names import TableName
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import carried, deciding, erasing, identify, planning
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from avgflow.plan import Plan
from avgflow.register import approvals, locks
from avgflow.register.database import transaction
from avgflow.stores import readiness
from benchmarks import people
from benchmarks.figures import Comparison, Series
from benchmarks.statements import Sent

OFFICER = "benchmark-officer"
WARM_UPS = 2
CHANGING = ("DELETE", "UPDATE")


class NotErased(Exception):
    """What was measured did not do its work, so its time says nothing."""


@dataclass
class Taken:
    """Seconds of one erasure by part: `find` (identify, plan, approval), `stores` (of which `register`), `views` made
    anew, `recount`.
    """

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def noted(self, part: str) -> Iterator[None]:
        """Add the time of a block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began

    @contextmanager
    def views_apart(self) -> Iterator[None]:
        """Have the time in which materialised views are made anew noted by itself, and taken off the stores."""

        def timed(connection: Connection, name: TableName) -> None:
            with self.noted("views"):
                refresh(connection, name)

        refresh, before = carried.refresh, self.seconds.get("views", 0.0)
        with patch.object(carried, "refresh", timed), self.noted("stores"):
            yield
        self.seconds["stores"] -= self.seconds.get("views", 0.0) - before

    @contextmanager
    def register_told(self) -> Iterator[None]:
        """Have the time noted that goes to the register while the stores are worked on."""

        @contextmanager
        def told(engine: Engine) -> Iterator[Connection]:
            with self.noted("register"), transaction(engine) as connection:
                yield connection

        @contextmanager
        def locked(engine: Engine, work: Iterable[str]) -> Iterator[None]:
            with ExitStack() as stack:
                with self.noted("register"):
                    stack.enter_context(alone(engine, work))
                yield
                with self.noted("register"):
                    stack.close()

        alone = locks.alone
        with ExitStack() as patches:
            for module in (erasing, carried, deciding):
                patches.enter_context(patch.object(module, "transaction", told))
            patches.enter_context(patch.object(locks, "alone", locked))
            yield


def approved(env: Environment, person: SubjectTruth) -> Plan:
    """An erasure request of theirs, identified, planned and approved."""
    return planned(env, people.register(env, person, Right.ERASURE))


def planned(env: Environment, number: str) -> Plan:
    """Find who a request is about, plan, and approve that."""
    if identify.identify(env, [number])[number] is not None:
        raise NotErased(f"{number} waits for a human")
    plan = planning.make(env, [number])[number]
    with transaction(env.register) as register:
        approvals.put_approval(register, env.keyring, number, plan.digest, OFFICER)
    return plan


def measure(ours: Environment, plain: Environment, persons: Sequence[SubjectTruth]) -> list[Comparison]:
    """The same people in two equal sets of stores, in turns, after some that do not count.

    Half of them with open connections; the others with new ones for each store, as its task has them.
    """
    readiness.compose(ours.catalog)
    half = len(persons) // 2
    with _all_open(plain) as opened:
        warm = _in_turns(
            ours, persons[:half], lambda plan: _by_the_library(ours, plan), lambda sent: _same(opened, sent)
        )
    task = _in_turns(ours, persons[half:], lambda plan: _in_tasks(ours, plan), lambda sent: _anew(plain, sent))
    how = f"{warm.how}; no materialised view is made anew"
    return [
        _compared("Erasing one subject in the stores, warm", f"{how}; connections are open", warm, warm.stores, 2.0),
        _compared("The same with the register", "intent, tombstones, receipt, events and locks too", warm, warm.ours),
        _compared(
            "The same as in a task",
            "with the register; new connections, statements composed before the fork",
            task,
            task.ours,
        ),
    ]


@dataclass
class _Turns:
    """Seconds of both, `stores` without the register; of each person how many statements were sent, how many of them
    change rows, and how many.
    """

    ours: list[float] = field(default_factory=list)
    stores: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)
    sent: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def how(self) -> str:
        statements, changing, rows = (sorted(column)[len(column) // 2] for column in zip(*self.sent, strict=True))
        return (
            f"the same people in two equal sets of four stores; {statements} statements, {changing} of which change "
            f"{rows} rows (medians), in a transaction a store"
        )


def _compared(name: str, how: str, taken: _Turns, ours: Sequence[float], goal: float | None = None) -> Comparison:
    return Comparison(name, how, Series("avgflow", tuple(ours)), Series("psycopg", tuple(taken.baseline)), goal)


def _in_turns(
    env: Environment,
    persons: Sequence[SubjectTruth],
    ours: Callable[[Plan], tuple[Taken, list[Sent]]],
    baseline: Callable[[Sequence[Sent]], list[int]],
) -> _Turns:
    found = _Turns()
    for turn, person in enumerate(persons):
        plan = approved(env, person)
        gc.collect()
        library, sent = ours(plan)
        gc.collect()
        began = time.perf_counter()
        rows = baseline(sent)
        taken = time.perf_counter() - began
        _refuse_less(plan, sum(rows))
        if turn >= WARM_UPS:
            found.ours.append(library.seconds["stores"])
            found.stores.append(library.seconds["stores"] - library.seconds["register"])
            found.baseline.append(taken)
            found.sent.append((len(sent), len(rows), sum(rows)))
    return found


def _by_the_library(env: Environment, plan: Plan) -> tuple[Taken, list[Sent]]:
    taken, sent = Taken(), list[Sent]()
    for store in env.catalog.stores:
        with _listening(env, store, sent), taken.views_apart(), taken.register_told():
            erasing.run(env, store, [plan.number])
    return taken, sent


def _in_tasks(env: Environment, plan: Plan) -> tuple[Taken, list[Sent]]:
    taken, sent = Taken(), list[Sent]()
    for store in env.catalog.stores:
        env.dispose()
        with _listening(env, store, sent), taken.views_apart(), taken.register_told():
            erasing.run(env, store, [plan.number])
    return taken, sent


def _anew(env: Environment, sent: Sequence[Sent]) -> list[int]:
    with _all_open(env) as opened:
        return _same(opened, sent)


def _same(opened: Mapping[str, psycopg.Connection[Any]], sent: Sequence[Sent]) -> list[int]:
    """Send them, one transaction a store; how many rows each of those changed that change any."""
    rows: list[int] = []
    for store, connection in opened.items():
        for one in sent:
            if one.store == store:
                done = connection.execute(one.text, one.values or None)
                if done.description:
                    done.fetchall()
                elif (done.statusmessage or "").startswith(CHANGING):
                    rows.append(done.rowcount)
        connection.commit()
    return rows


@contextmanager
def _all_open(env: Environment) -> Iterator[dict[str, psycopg.Connection[Any]]]:
    with ExitStack() as stack:
        opened = {}
        for name, store in env.catalog.stores.items():
            opened[name] = stack.enter_context(psycopg.connect(env.dsn_of(store.connection)))
            opened[name].isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        yield opened


@contextmanager
def _listening(env: Environment, store: str, sent: list[Sent]) -> Iterator[None]:
    """Note what goes to this store's database in its first transaction, in which the erasing is done."""
    place = psycopg.conninfo.conninfo_to_dict(env.dsn_of(env.catalog.stores[store].connection))["dbname"]
    over: list[Connection] = []

    def note(conn: Connection, _: Any, text: str, values: Any, __: Any, ___: bool) -> None:
        if not over and conn.engine.url.database == place:
            sent.append(Sent(store, text, values))

    def end(conn: Connection) -> None:
        if conn.engine.url.database == place:
            over.append(conn)

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", end)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        event.remove(Engine, "commit", end)


def _refuse_less(plan: Plan, rows: int) -> None:
    """More it can be: rows of a history table are removed that a trigger had just written."""
    wanted = sum(step.rows for step in plan.steps if step.action == "delete")
    if rows < wanted:
        raise NotErased(f"psycopg changed {rows} rows where the plan deletes {wanted}")
