"""Step 2: what will be collected, from which tables, in numbers; on the register before anything is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from avgflow import plan
from avgflow.catalog.drift import refuse_unsafe
from avgflow.catalog.names import TableName
from avgflow.handling.environment import CheckedView, Environment
from avgflow.handling.identify import footprints, require_settled
from avgflow.identity import Footprint
from avgflow.plan import Plan
from avgflow.register import chain, events, locks, plans, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.stores import count
from avgflow.stores.together import together


def make(env: Environment, numbers: Sequence[str]) -> dict[str, Plan]:
    """Make and store each request's plan; `CatalogDrift` names every table or column that would be left out,
    `NotSettled` a request that still waits for a human.
    """
    require_settled(env, numbers)
    with env.checked_view() as view:
        _refuse_drift(env, view, numbers)
        people = footprints(env, view, numbers)
        found: dict[str, dict[tuple[str, TableName], Mapping[str | None, int]]] = defaultdict(dict)
        shared: dict[str, int] = dict.fromkeys(numbers, 0)
        others = {number: _shared_only(person) for number, person in people.items() if person.shared}

        def counted_in(store: str) -> tuple[count.ByClass, count.ByClass]:
            connection, targets = view.connections[store], view.targets(store)
            loose = [target for target in targets if not target.table.person]
            return count.by_class(connection, targets, people), count.by_class(connection, loose, others)

        for store, (own, common) in together(view.connections, counted_in).items():
            for number, tables in own.items():
                found[number] |= {(store, name): classes for name, classes in tables.items()}
            for number, tables in common.items():
                shared[number] += sum(rows for classes in tables.values() for rows in classes.values())
    made = {
        number: plan.access(number, env.catalog, found[number], person, shared[number], _hash(env))
        for number, person in people.items()
    }
    with transaction(env.register) as register:
        for number, one in made.items():
            # A new plan asks for new work: what was done for an earlier one is set aside.
            receipts.supersede_receipts(register, env.keyring, number)
            plans.put_plan(register, env.keyring, number, one.digest, one.to_bytes())
    return made


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


def _shared_only(person: Footprint) -> Footprint:
    """What hangs on identifiers that others use too, and on nothing else."""
    return Footprint(identifiers=person.shared)


def _hash(env: Environment) -> Callable[[bytes], str]:
    return lambda content: env.keyring.keyed_hash("plan", content.decode())
