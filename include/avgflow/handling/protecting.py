"""Whose rows a sweep leaves, whatever their term: of people under a hold or a restriction, or who asked for something.

The register knows people under a hold by keyed hashes alone. So the identifiers that the stores hold are hashed and
compared, and only where such a hold stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, func, select

from avgflow.handling import identify
from avgflow.handling.environment import Environment, View
from avgflow.identity import Doubt, Footprint, SubjectTooWide
from avgflow.plan import Plan
from avgflow.policy.decide import EVERYTHING
from avgflow.register import holds, plans, restrictions
from avgflow.register.database import transaction
from avgflow.register.plans import PlanMissing
from avgflow.register.requests import Status
from avgflow.register.schema import hold, plan, request, restriction
from avgflow.stores.resolve import Start, resolve
from avgflow.sweep.conditions import column, normal, relation
from avgflow.sweep.figures import Held
from avgflow.sweep.holding_back import Protected, Protection

AT_ONCE = 10_000
"""Identifiers that are fetched at a time."""


@dataclass(frozen=True)
class Stamp:
    """By what it is told that somebody came under protection since: nobody did where two stamps are equal."""

    counts: tuple[int, ...]
    newest: tuple[Any, ...]


def stamp(register: Connection) -> Stamp:
    """How many holds, restrictions, verified requests and plans the register has, and the newest of each.

    Not the counts alone: where the housekeeping takes one away while another comes, there are as many as before.
    """
    columns = (hold.c.id, restriction.c.begun_at, request.c.verified_at, plan.c.made_at)
    query = select(
        *(select(func.count(column)).scalar_subquery() for column in columns),
        *(select(func.max(column)).scalar_subquery() for column in columns),
    )
    found = tuple(register.execute(query).one())
    return Stamp(found[: len(columns)], found[len(columns) :])


@dataclass(frozen=True)
class _Known:
    """Who is protected, as the register knows them: by a search, by a plan's footprint, or by hashes."""

    reason: Held
    classes: frozenset[str] | None
    start: Start | None = None
    footprint: Footprint = field(default_factory=Footprint)
    hashes: frozenset[str] = frozenset()


def protection(env: Environment, view: View, today: date | None = None) -> Protection:
    """Who is protected on a day, and what their rows hang on in the stores of the view."""
    with transaction(env.register) as register:
        known = {**_under_holds(register, today), **_with_requests(env, register)}
        classes = frozenset(holds.of_hashes(register, (), today))
    wanted = frozenset[str]().union(*(one.hashes for one in known.values()))
    by_hash = _identifiers(env, view, wanted) if wanted else {}
    starts = {ref: one.start if one.start is not None else _start(one.hashes, by_hash) for ref, one in known.items()}
    found = _footprints(view, {ref: start for ref, start in starts.items() if start.identifiers or start.chosen})
    return Protection(
        {
            ref: Protected(one.reason, found.get(ref, Footprint()).joined(one.footprint), one.classes)
            for ref, one in known.items()
        },
        classes,
    )


def _under_holds(register: Connection, today: date | None) -> dict[str, _Known]:
    return {
        f"hold-{one.id}": _Known(Held.HOLD, frozenset({one.record_class}) if one.record_class else None, hashes=hashed)
        for one, hashed in holds.on_people(register, today)
    }


def _with_requests(env: Environment, register: Connection) -> dict[str, _Known]:
    """People under a restriction, and those of whom a verified request is not at its end."""
    found: dict[str, _Known] = {}
    restricted: dict[str, set[str]] = defaultdict(set)
    for one in restrictions.list_(register):
        if one.stands:
            restricted[one.number].add(one.record_class)
    for number, classes in restricted.items():
        found[f"{number}-restricted"] = _Known(
            Held.RESTRICTION,
            None if EVERYTHING in classes else frozenset(classes),
            *_person(env, register, number),
        )
    open_ = select(request.c.number).where(request.c.verified_by.is_not(None), request.c.status != Status.CLOSED.value)
    for number in register.execute(open_).scalars().all():
        found[number] = _Known(Held.REQUEST, None, *_person(env, register, number))
    return found


def _person(env: Environment, register: Connection, number: str) -> tuple[Start, Footprint]:
    """Who a request is about: as it was asked, and as its newest plan found it."""
    start = identify.start_of(env, register, number)
    try:
        planned = Plan.from_bytes(plans.get_plan(register, env.keyring, number).body).footprint
    except PlanMissing:
        planned = Footprint()
    return start, planned


def _start(hashes: frozenset[str], by_hash: Mapping[str, tuple[str, str]]) -> Start:
    kinds: dict[str, set[str]] = defaultdict(set)
    for kind, value in (by_hash[one] for one in hashes if one in by_hash):
        kinds[kind].add(value)
    return Start({kind: frozenset(values) for kind, values in kinds.items()})


def _footprints(view: View, starts: Mapping[str, Start]) -> dict[str, Footprint]:
    """What the people's rows hang on; where it is not certain who is meant, everybody's who may be."""
    found: dict[str, Footprint] = {}
    for ref, start in starts.items():
        try:
            who = resolve(view.connections, view.places, {ref: start})[ref]
            if isinstance(who, Doubt):
                every = start.choosing(who.candidates, frozenset(range(len(who.candidates))))
                who = resolve(view.connections, view.places, {ref: every})[ref]
        except SubjectTooWide:
            who = Footprint(start.identifiers)
        found[ref] = who if isinstance(who, Footprint) else Footprint(start.identifiers)
    return found


def _identifiers(env: Environment, view: View, wanted: frozenset[str]) -> dict[str, tuple[str, str]]:
    """The identifiers in the stores that have one of these hashes: kind and normal form."""
    found: dict[str, tuple[str, str]] = {}
    for kind, value in _held(view):
        hashed = env.keyring.keyed_hash(kind, value)
        if hashed in wanted:
            found[hashed] = kind, value
    return found


def _held(view: View) -> Iterator[tuple[str, str]]:
    """Every identifier in every store: kind and normal form."""
    for (store, name), target in view.places.items():
        if target.table.kind != "table":
            continue
        for part, spec in target.table.columns.items():
            if spec.identifier is None:
                continue
            value = normal(column(name, part))
            statement = sql.SQL("SELECT DISTINCT {} FROM {} WHERE {} <> ''").format(value, relation(name), value)
            rows = view.connections[store].exec_driver_sql(
                statement.as_string(), execution_options={"yield_per": AT_ONCE}
            )
            for (held,) in rows:
                yield spec.identifier, held
