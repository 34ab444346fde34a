"""Carrying out what was allowed of a sweep, store by store (`previewing_sweep` has what comes before).

What a sweep may change is what its preview counted and nothing else. Each transaction on a store is written down before
it is committed, so that a sweep that is killed anywhere goes on where it was.
"""

from __future__ import annotations

import time
from dataclasses import replace

from sqlalchemy import Connection

from avgflow import laps
from avgflow.catalog.names import TableName
from avgflow.errors import StoreBusy, StoreFault, StoreRefused
from avgflow.handling import carried, protecting
from avgflow.handling.carried import StoreUnsettled
from avgflow.handling.environment import Environment
from avgflow.handling.over import Ended
from avgflow.handling.previewing_sweep import terms_of
from avgflow.handling.protecting import Stamp
from avgflow.identity import Key
from avgflow.register import chain, events, locks, suppressions, sweep_parts, sweeps
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import EventName
from avgflow.register.suppressions import Channel
from avgflow.register.sweep_parts import Part
from avgflow.register.sweeps import Progress, Sweep, SweepStatus
from avgflow.stores import selection, transactions
from avgflow.sweep import rules
from avgflow.sweep.batch import Batch
from avgflow.sweep.carry import Carried, Leaving, carry, gone
from avgflow.sweep.holding_back import located
from avgflow.sweep.rules import Rule

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds to wait, one after the other, for a store that is busy with other work."""
FOREIGN_KEY_VIOLATION = "23503"
REASON = "opted-out"
"""Why an address is suppressed whose row told that its person had opted out."""


class SweepStopped(Ended):
    """A human had the sweep stopped; what it did until then is on record."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was stopped; what was not swept yet is counted anew by the next sweep.")


def carry_out(env: Environment, number: str, store: str) -> Progress:
    """Carry out all that a sweep may change in one store, or what is left of it.

    `SweepStopped` where it was asked to stop, `RulesChanged` where it was counted by others; `NotAllowed`,
    `SweepEnded`; and what `carry` raises: then nothing of that batch was changed.
    """
    with transaction(env.register) as register:
        if _stopped(register, number):
            raise SweepStopped(number)
        sweeps.running(register, number)
        sweep = sweeps.get(register, number)
        changed = sweep.fingerprint != rules.fingerprint(env.catalog, env.policy)
        if changed:
            sweeps.end(register, env.keyring, number, SweepStatus.STOPPED, {"because": "rules-changed"})
    if changed:
        raise RulesChanged(number)
    try:
        with locks.alone(env.register, [f"sweep {store}"]):
            _Work(env, sweep, store).run()
    except StoreFault as fault:
        with transaction(env.register) as register:
            detail = {"store": store, "error": type(fault).__name__}
            chain.link(register, env.keyring, [entry(EventName.STORE_FAILED, number, SYSTEM, detail)])
        raise
    with transaction(env.register) as register:
        return progress(register, number, store)


def progress(register: Connection, number: str, store: str) -> Progress:
    """How far a sweep is in one store; nothing to do is done."""
    return next(
        (one for one in sweeps.progress(register, number) if one.store == store), Progress(store, 0, 0, 0, 0, 0)
    )


class RulesChanged(Ended):
    """Catalog or policy are others than those by which a sweep counted; it is at its end."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} was counted by another catalog or policy than there is now, and is stopped. The next sweep "
            f"counts anew, and asks a human first."
        )


class _Work:
    """What one sweep does in one store: part after part, each in a transaction of its own."""

    def __init__(self, env: Environment, sweep: Sweep, store: str) -> None:
        self._env, self._sweep, self._store = env, sweep, store
        with env.writing(store) as connection:
            self._ground = carried.ground_of(env, store, connection)
        self._terms = terms_of(env, store, sweep.day, self._ground)
        self._rules = {(str(rule.table), rule.code): rule for rule in self._terms.rules}
        self._stamp: Stamp | None = None

    def run(self) -> None:
        finished: tuple[Part, int] | None = None
        while True:
            with transaction(self._env.register) as register:
                if finished is not None:
                    sweep_parts.done(register, *finished)
                stopped = _stopped(register, self._sweep.number)
                part = sweep_parts.next_open(register, self._env.keyring, self._sweep.number, self._store)
            if part is None:
                break
            if stopped:
                raise SweepStopped(self._sweep.number)
            with laps.on(self._store, rule_of(part.table, part.code)):
                finished = part, self._settled(part)
        self._finish()

    def _settled(self, part: Part) -> int:
        """The rows that a part changed: by an earlier run that was killed, or now."""
        batch = Batch.from_bytes(self._rules[part.table, part.code], part.rows, part.body)
        if part.transaction is not None:
            with self._env.writing(self._store) as connection:
                fate = transactions.fate(connection, part.transaction, str(part.system))
                if fate in ("committed", "unknown") and not gone(connection, self._terms, self._ground, batch):
                    # A server that crashed may have given the id of what it lost to somebody else's transaction; and
                    # where not all could go, what is left is looked at once more.
                    fate = "aborted" if part.changed == part.rows else fate
            if fate == "in progress":
                raise StoreUnsettled(self._store)
            if fate in ("committed", "unknown"):
                return part.changed or 0
        for pause in (*PAUSES, None):
            try:
                return self._carry(part, batch)
            except _Anew:
                self._protect()
            except StoreBusy:
                if pause is None:
                    raise
                time.sleep(pause)
            except StoreRefused as refused:
                if refused.sqlstate != FOREIGN_KEY_VIOLATION:
                    raise
                # Something came to point to one of the rows since; the next sweep looks at them again.
                return 0
        raise StoreUnsettled(self._store)

    def _carry(self, part: Part, batch: Batch) -> int:
        if self._stamp is None:
            self._protect()
        left = self._less_protected(batch)
        if not left.rows:
            return 0
        channel, leaving = _leaving(self._env, left.rule)
        with self._env.writing(self._store) as connection:
            _give_way(connection, self._store)
            done: Carried = carry(connection, self._terms, self._ground, left, leaving)
            with transaction(self._env.register) as register:
                chain.lock(register)
                # Whoever comes under protection from here on finds the rows gone; whoever did before keeps them.
                if protecting.stamp(register) != self._stamp:
                    raise _Anew
                if channel is not None:
                    suppressions.suppress_all(
                        register, self._env.keyring, channel, done.opted_out, REASON, self._sweep.number, SYSTEM
                    )
                sweep_parts.about_to_commit(register, part, done.transaction, done.server, done.changed)
        # Committed from here on.
        return done.changed

    def _protect(self) -> None:
        """Who is protected now, and which rows that are."""
        with transaction(self._env.register) as register:
            self._stamp = protecting.stamp(register)
        with self._env.view() as view:
            # As of the day of the sweep: a hold that ran out since still holds.
            self._protection = protecting.protection(self._env, view, self._sweep.day)
            people = {ref: one.footprint for ref, one in self._protection.people.items()}
            self._kept: dict[TableName, set[Key]] = {}
            self._kept_leaves: set[str] = set()
            for name, target in self._ground.targets.items():
                statement = selection.rows(target, people, located)
                for ref, of_class, key, leaf in statement.on(view.connections[self._store]) if statement else ():
                    if self._protection.people[ref].keeps(of_class, target):
                        self._kept.setdefault(name, set()).add(tuple(key))
                        self._kept_leaves.add(leaf)

    def _less_protected(self, batch: Batch) -> Batch:
        """A batch without the rows of people who came under protection since it was counted."""
        if batch.rule.record_class in self._protection.classes:
            return replace(batch, keys=(), rows=0)
        kept = self._kept.get(batch.rule.table)
        if not kept:
            return batch
        if batch.whole:
            # Where somebody's rows in it stay, the next sweep takes it row by row.
            return replace(batch, keys=(), rows=0) if batch.keys[0][0] in self._kept_leaves else batch
        width = len(self._ground.targets[batch.rule.table].table.key) or 2
        keys = [key for key in batch.keys if key[:width] not in kept]
        return replace(batch, keys=keys, rows=len(keys))

    def _finish(self) -> None:
        """What hangs on the rows that went is made anew, and the store's part is on record."""
        env, number = self._env, self._sweep.number
        with transaction(env.register) as register:
            if any(
                event.name == EventName.STORE_SWEPT and event.detail["store"] == self._store
                for event in events.history(register, number)
            ):
                return
            done = progress(register, number, self._store)
        if done.changed:
            for name, table in env.catalog.stores[self._store].tables.items():
                if table.kind == "materialized view":
                    with env.writing(self._store) as connection:
                        carried.refresh(connection, name)
        with transaction(env.register) as register:
            facts = {"store": self._store, "parts": done.parts, "planned": done.rows, "rows": done.changed}
            chain.link(register, env.keyring, [entry(EventName.STORE_SWEPT, number, SYSTEM, facts)])


def rule_of(table: str, code: str) -> str:
    """What a rule of a table is called where the time that it took is told."""
    return f"{table} {code}"


class _Anew(Exception):
    """Somebody came under protection while a part was carried out."""


def _stopped(register: Connection, number: str) -> bool:
    sweep = sweeps.get(register, number)
    return sweep.status is SweepStatus.STOPPED or sweep.stop_asked_at is not None


def _give_way(connection: Connection, store: str) -> None:
    """`StoreBusy` where others wait for each other already: they come first."""
    waiting = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).scalar_one()
    if waiting:
        raise StoreBusy(store, "55P03")


def _leaving(env: Environment, rule: Rule) -> tuple[str | None, Leaving]:
    """Where rows of the rule tell that somebody opted out: the channel on which nothing is sent to them any more."""
    table = env.catalog.stores[rule.store].tables[rule.table]
    of_class = env.policy.classes[rule.record_class]
    stop = next((stop for stop in table.stops if stop.scope == of_class.scope), None)
    if stop is None or of_class.channel is None or rule.sets or rule.term_name is not None:
        return None, Leaving()
    kind = Channel(of_class.channel).kind
    address = next((name for name, spec in table.columns.items() if spec.identifier == kind), None)
    return of_class.channel, Leaving(address, stop.when)
