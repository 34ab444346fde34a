"""The first step of a sweep: count beforehand what is past its term, with the rows that may go, and why it would ask.

Looking alone changes nothing and registers nothing; a sweep's own preview stands on the register, and the sweep may
change what was counted in it and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import Connection

from avgflow.handling import carried, protecting
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import earlier_sweeps, locks, sweep_parts, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.stores.survey import Ground
from avgflow.sweep import caps, rules
from avgflow.sweep.caps import Ask
from avgflow.sweep.conditions import Terms
from avgflow.sweep.holding_back import Protection
from avgflow.sweep.measure import Measure

WRITTEN_AT_ONCE = 20
"""Parts that are written to the register by one statement."""


@dataclass(frozen=True)
class Preview:
    """What is past its term by rule, and what a sweep would ask a human first."""

    found: Sequence[Found]
    asks: Sequence[Ask]


def look(env: Environment) -> Preview:
    """Count in every store; seconds to minutes, as the stores are large."""
    found = count(env)
    fingerprint = rules.fingerprint(env.catalog, env.policy)
    with transaction(env.register) as register:
        asks = asks_of(env, register, found, fingerprint, day_in_amsterdam())
    return Preview(found, asks)


def count(env: Environment, today: date | None = None) -> list[Found]:
    """What a sweep would find, by rule; nothing is put on the register, and nothing changed."""
    found: list[Found] = []
    protection = _protection(env, today)
    for store in env.catalog.stores:
        with measured(env, store, today or day_in_amsterdam(), protection) as measure:
            found += _found(measure)
    return found


def preview(env: Environment, run: str, today: date | None = None) -> Sweep:
    """Count what is past its term in every store and put it on the register, with the rows that may go; the same run
    again finds its sweep. `CatalogDrift`, `CircleOfKeys`.
    """
    day = today or day_in_amsterdam()
    with transaction(env.register) as register:
        sweep = sweeps.begin(register, env.keyring, run, day, rules.fingerprint(env.catalog, env.policy))
    with locks.alone(env.register, [f"preview {sweep.number}"]):
        with transaction(env.register) as register:
            sweep = sweeps.get(register, sweep.number)
        if sweep.status is SweepStatus.PREVIEWING:
            _preview(env, sweep, today)
        with transaction(env.register) as register:
            return sweeps.get(register, sweep.number)


def _preview(env: Environment, sweep: Sweep, today: date | None) -> None:
    protection = _protection(env, today)
    found: list[Found] = []
    written = hashlib.sha256()
    with transaction(env.register) as register:
        for store in env.catalog.stores:
            with measured(env, store, sweep.day, protection) as measure:
                of_store = _found(measure)
                sweeps.put_found(register, sweep.number, of_store)
                found += of_store
                for digest in _write(env, register, sweep.number, store, measure):
                    written.update(digest.encode())
        said = [sweep.fingerprint, sweep.day.isoformat(), [vars(one) for one in found], written.hexdigest()]
        digest = env.keyring.sign("sweep", json.dumps(said, sort_keys=True).encode())
        asks = asks_of(env, register, found, sweep.fingerprint, sweep.day)
        total = sum(one.rows for one in found)
        sweeps.previewed(register, env.keyring, sweep.number, digest, [ask.to_json() for ask in asks], total)


def asks_of(env: Environment, register: Connection, found: Sequence[Found], fingerprint: str, day: date) -> list[Ask]:
    """Why a human must look before what was found goes; nothing where it may go by itself."""
    last = earlier_sweeps.last_day(register)
    return caps.asks(
        found,
        env.policy.retention.caps,
        earlier_sweeps.usual(register),
        fingerprint,
        earlier_sweeps.last_fingerprint(register),
        earlier_sweeps.last_stopped(register),
        (day - last).days if last else None,
    )


def _write(env: Environment, register: Connection, number: str, store: str, measure: Measure) -> Iterator[str]:
    """Write the parts of one store; their digests."""
    batches, first = measure.batches(env.policy.retention.batch), 0
    while some := list(islice(batches, WRITTEN_AT_ONCE)):
        parts = [
            (str(one.rule.table), one.rule.code, "partition" if one.whole else "rows", one.rows, one.to_bytes())
            for one in some
        ]
        yield from sweep_parts.put(register, env.keyring, number, store, first, parts)
        first += len(some)


def _found(measure: Measure) -> list[Found]:
    return [
        Found(rule.store, str(rule.table), rule.code, rule.record_class, rule.action, one.rows, one.to_json())
        for rule, one in measure.figures().items()
    ]


def _protection(env: Environment, today: date | None) -> Protection:
    with env.view() as view:
        return protecting.protection(env, view, today)


@contextmanager
def measured(env: Environment, store: str, day: date, protection: Protection) -> Iterator[Measure]:
    """A store with what is past its term on a day, counted."""
    with env.measuring(store) as connection:
        ground = carried.ground_of(env, store, connection)
        measure = Measure(connection, terms_of(env, store, day, ground), ground)
        measure.take(protection)
        yield measure


def terms_of(env: Environment, store: str, day: date, ground: Ground) -> Terms:
    """The rules of a store, and the terms as of a day."""
    return Terms(day, ground.targets, tuple(rules.of_store(env.catalog.stores[store], env.policy)))
