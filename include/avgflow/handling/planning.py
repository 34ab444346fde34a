"""Step 2: what will be collected, from which tables, in numbers; on the register before anything is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from avgflow import plan
from avgflow.catalog.drift import refuse_unsafe
from avgflow.catalog.names import TableName
from avgflow.handling import carried, deciding, objecting, porting, wanted
from avgflow.handling.environment import CheckedView, Environment
from avgflow.handling.identify import footprints, require_settled
from avgflow.handling.wanted import Wanted
from avgflow.identity import Footprint
from avgflow.intake import Right, Scope, day_in_amsterdam
from avgflow.plan import Plan, Step
from avgflow.register import chain, events, locks, plans, receipts, subjects
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing
from avgflow.stores import count
from avgflow.stores.together import together


def make(env: Environment, numbers: Sequence[str]) -> dict[str, Plan]:
    """Make and store each request's plan; `CatalogDrift` names every table or column that would be left out,
    `NotSettled` a request that still waits for a human.
    """
    require_settled(env, numbers)
    with transaction(env.register) as register:
        asked = wanted.of_requests(env, register, numbers)
    earlier = {number: _earlier(env, number) for number in numbers if asked[number].right in CHANGING}
    with env.checked_view() as view:
        _refuse_drift(env, view, numbers)
        people = footprints(env, view, numbers)
        for number, (before, _) in earlier.items():
            if before is not None:
                # What was erased or corrected already no longer leads anywhere.
                people[number] = people[number].joined(before.footprint)
                asked[number] = replace(asked[number], fixes=before.fixes)
        done = {number: before for number, (_, before) in earlier.items()}
        made = of_people(env, view, people, asked, done)
    with transaction(env.register) as register:
        for number, one in made.items():
            # A new plan asks for new work: what was done for an earlier one is set aside.
            receipts.supersede_receipts(register, env.keyring, number)
            plans.put_plan(register, env.keyring, number, one.digest, one.to_bytes())
            subjects.note(register, env.keyring, number, one.footprint.held)
    return made


CHANGING = frozenset({Right.ERASURE, Right.OBJECTION, Right.RECTIFICATION, Right.RESTRICTION})
"""The rights that change stores."""


def of_people(
    env: Environment,
    view: CheckedView,
    people: Mapping[str, Footprint],
    asked: Mapping[str, Wanted],
    done: Mapping[str, tuple[Step, ...]],
) -> dict[str, Plan]:
    """The plan of each request from the stores as they are in a view; nothing is stored."""
    batch = Batch(people, asked, _shared(view, people), done)
    made: dict[str, Plan] = {}
    for planner, rights in _PLANNERS:
        of_rights = {number: person for number, person in people.items() if asked[number].right in rights}
        if of_rights:
            made |= dict(planner(env, view, of_rights, batch))
    return {number: made[number] for number in people}


@dataclass(frozen=True)
class Batch:
    """What is known of a batch besides its people: what each asked, their rows that hang only on a shared identifier,
    and what was carried out under earlier plans.
    """

    people: Mapping[str, Footprint]
    asked: Mapping[str, Wanted]
    shared: Mapping[str, int]
    done: Mapping[str, tuple[Step, ...]]


def _copies(
    env: Environment, view: CheckedView, people: Mapping[str, Footprint], batch: Batch
) -> Iterator[tuple[str, Plan]]:
    found = _by_class(view, people)
    for number, person in people.items():
        yield number, plan.access(number, env.catalog, found[number], person, batch.shared[number], hash_of(env))


def _portable(
    env: Environment, view: CheckedView, people: Mapping[str, Footprint], batch: Batch
) -> Iterator[tuple[str, Plan]]:
    found = _by_basis(view, people)
    for number, person in people.items():
        steps = porting.steps(env.catalog, env.policy, found[number])
        yield number, plan.portability(number, steps, person, batch.shared[number], hash_of(env))


def _changes(
    env: Environment, view: CheckedView, people: Mapping[str, Footprint], batch: Batch
) -> Iterator[tuple[str, Plan]]:
    decided = deciding.everywhere(env, view, people, day_in_amsterdam(), batch.asked)
    for number, person in people.items():
        one, before, asked = decided[number], batch.done.get(number, ()), batch.asked[number]
        rest = (person, batch.shared[number])
        if asked.right is Right.RECTIFICATION:
            yield number, plan.rectification(number, one.fixes, one.steps, *rest, one.basis, before, hash_of(env))
        elif asked.scope is not None:
            to_weigh = {str(step.record_class) for step in one.steps if step.action == "weigh"}
            what = (asked.scope, tuple(sorted(to_weigh - asked.refused)))
            channels = objecting.channels(env.policy, asked.scope)
            made = plan.objection(number, *what, one.steps, *rest, channels, one.basis, before, hash_of(env))
            yield number, made
        elif asked.ground is not None:
            channels = objecting.channels(env.policy, Scope.ALL)
            yield number, plan.restriction(number, one.steps, *rest, channels, one.basis, before, hash_of(env))
        else:
            channels = deciding.channels(env.policy, (*one.steps, *before))
            yield number, plan.erasure(number, one.steps, *rest, channels, one.basis, before, hash_of(env))


Planner = Callable[
    [Environment, CheckedView, Mapping[str, Footprint], Batch],
    Iterator[tuple[str, Plan]],
]

_PLANNERS: tuple[tuple[Planner, frozenset[Right]], ...] = (
    (_copies, frozenset({Right.ACCESS})),
    (_portable, frozenset({Right.PORTABILITY})),
    (_changes, CHANGING),
)
"""Who makes the plans of which rights."""


def _by_class(
    view: CheckedView, people: Mapping[str, Footprint]
) -> dict[str, dict[tuple[str, TableName], Mapping[str | None, int]]]:
    found: dict[str, dict[tuple[str, TableName], Mapping[str | None, int]]] = defaultdict(dict)

    def counted_in(store: str) -> count.ByClass:
        return count.by_class(view.connections[store], view.targets(store), people)

    for store, counted in together(view.connections, counted_in).items():
        for number, tables in counted.items():
            found[number] |= {(store, name): classes for name, classes in tables.items()}
    return found


def _by_basis(
    view: CheckedView, people: Mapping[str, Footprint]
) -> dict[str, dict[tuple[str, TableName], Mapping[tuple[str | None, bool], int]]]:
    found: dict[str, dict[tuple[str, TableName], Mapping[tuple[str | None, bool], int]]] = defaultdict(dict)

    def counted_in(store: str) -> count.ByBasis:
        return count.by_basis(view.connections[store], view.targets(store), people)

    for store, counted in together(view.connections, counted_in).items():
        for number, tables in counted.items():
            found[number] |= {(store, name): classes for name, classes in tables.items()}
    return found


def _shared(view: CheckedView, people: Mapping[str, Footprint]) -> dict[str, int]:
    """How many rows hang on identifiers that others use too, and on nothing else."""
    shared: dict[str, int] = dict.fromkeys(people, 0)
    only = {number: Footprint(identifiers=person.shared) for number, person in people.items() if person.shared}
    if not only:
        return shared

    def counted_in(store: str) -> count.ByClass:
        loose = [target for target in view.targets(store) if not target.table.person]
        return count.by_class(view.connections[store], loose, only)

    for counted in together(view.connections, counted_in).values():
        for number, tables in counted.items():
            shared[number] += sum(rows for classes in tables.values() for rows in classes.values())
    return shared


def _earlier(env: Environment, number: str) -> tuple[Plan | None, tuple[Step, ...]]:
    """What former plans of a request that changes stores have done so far, and the last of these, if any did."""
    carried.settle(env, number)
    with transaction(env.register) as register:
        try:
            before = newest(env, register, number)
        except PlanMissing:
            return None, ()
        # Each by the plan that its receipt names, which another run may have made way for meanwhile.
        done_by = {
            store: Plan.from_bytes(plans.get_plan(register, env.keyring, number, one.digest).body)
            for store, one in carried.standing(register, number).items()
        }
    erased = [
        step
        for store in env.catalog.stores
        if store in done_by
        for step in done_by[store].steps_of(store)
        if step.action in ("delete", "anonymise", "unlink", "set", "restrict", "correct") and step.rows
    ]
    done = (*before.done, *erased)
    return (before if done else None), done


def stored(env: Environment, numbers: Sequence[str]) -> dict[str, Plan]:
    """The newest plan of each request; `PlanMissing` where there is none."""
    with transaction(env.register) as register:
        return {number: newest(env, register, number) for number in numbers}


def newest(env: Environment, register: Connection, number: str) -> Plan:
    """The newest plan of a request, within the caller's transaction; `PlanMissing` where there is none."""
    return Plan.from_bytes(plans.get_plan(register, env.keyring, number).body)


def _refuse_drift(env: Environment, view: CheckedView, numbers: Sequence[str]) -> None:
    """Every difference goes on the register of each request, a missing index too; what is unsafe stops them."""
    drifts = [drift for found in view.checked.values() for drift in found.drifts]
    if not drifts:
        return
    links = [
        events.entry(
            EventName.STORE_DRIFTED,
            number,
            detail={"store": drift.store, "table": str(drift.table), "kind": drift.kind.replace(" ", "-")},
        )
        for number in numbers
        for drift in drifts
    ]
    with transaction(env.register) as register:
        locks.lock(register, numbers)
        chain.link(register, env.keyring, links)
    refuse_unsafe(drifts)


def hash_of(env: Environment) -> Callable[[bytes], str]:
    """The keyed hash that names a plan."""
    return lambda content: env.keyring.keyed_hash("plan", content.decode())
