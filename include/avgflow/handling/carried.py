"""What is carried out in one store: what became of a transaction, the receipt, the views made anew, and the faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog import live
from avgflow.catalog.check import check
from avgflow.catalog.drift import refuse_unsafe
from avgflow.catalog.names import TableName
from avgflow.errors import StoreFault
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from avgflow.plan import ASIDE, Plan
from avgflow.register import events, intents, locks, plans, receipts, requests, tombstones
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Receipt, Step
from avgflow.stores import changes, correct, presence, survey, transactions
from avgflow.stores.erase import right_values
from avgflow.stores.survey import Ground
from avgflow.stores.transactions import Tally


class StoreUnsettled(StoreFault):
    """The store has not told yet what became of an earlier transaction; worth another try later."""

    def __init__(self, store: str) -> None:
        super().__init__(
            f"An earlier transaction of this request is still at its end in '{store}'. It is looked at again; nothing "
            f"is done twice."
        )
        self.store = store


@contextmanager
def faults_on_record(env: Environment, store: str, numbers: Sequence[str]) -> Iterator[None]:
    """Put a fault of a store on the register of each request of a batch, by its kind alone, and let it go on."""
    try:
        yield
    except StoreFault as fault:
        detail = {"store": store, "error": type(fault).__name__}
        with transaction(env.register) as register:
            for number in numbers:
                events.append(register, env.keyring, EventName.STORE_FAILED, number, detail=detail)
        raise


def standing(register: Connection, number: str) -> dict[str, Receipt]:
    """The receipts of what a request changed, by store."""
    return {one.store: one for one in receipts.receipts(register, number) if one.step in _STEPS.values()}


_STEPS = {
    Right.ERASURE: Step.ERASE,
    Right.OBJECTION: Step.STOP,
    Right.RECTIFICATION: Step.CORRECT,
    Right.RESTRICTION: Step.RESTRICT,
}


def step_of(right: str) -> Step:
    """What is done in each store for a right that changes them."""
    return _STEPS[Right(right)]


def changed(env: Environment, register: Connection, number: str) -> bool:
    """Whether a store was or may have been changed for a request; never for a right that changes none."""
    step = _STEPS.get(requests.get(register, number).right)
    if step is None:
        return False
    # A transaction that was about to commit counts as committed: only later it is told whether it was.
    return any(event.name == receipts.event_of(step) for event in events.history(register, number)) or any(
        intents.newest(register, env.keyring, number, step, store) for store in env.catalog.stores
    )


def settle(env: Environment, number: str) -> None:
    """Write the receipts of what was committed in any store before a run was killed.

    What a receipt was written of before, for a plan that is set aside since, is on record; it is not done anew.
    """
    with transaction(env.register) as register:
        step = step_of(requests.get(register, number).right)
        known = {store: intents.newest(register, env.keyring, number, step, store) for store in env.catalog.stores}
        written = receipts.ever_written(register, number, step)
    for store, intent in known.items():
        if intent is not None and (store, intent.digest) not in written:
            with transaction(env.register) as register:
                plan = Plan.from_bytes(plans.get_plan(register, env.keyring, number, intent.plan_digest).body)
            with locks.alone(env.register, [f"erase {number} {store}"]):
                if not open_plans(env, store, {number: plan}):
                    receipt(env, store, number, plan)


def open_plans(env: Environment, store: str, plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """The plans that are still to be carried out in this store: neither on record nor committed."""
    open_: dict[str, Plan] = {}
    for number, plan in plans.items():
        with transaction(env.register) as register:
            if store in standing(register, number):
                continue
            intent = intents.newest(register, env.keyring, number, step_of(plan.right), store)
        if intent is None or intent.plan_digest != plan.digest:
            open_[number] = plan
            continue
        with env.writing(store) as connection:
            fate = transactions.fate(connection, intent.transaction, intent.system)
            if fate in ("committed", "unknown"):
                # A server that crashed may have given the id of what it lost to somebody else's transaction.
                fate = "aborted" if _anything_left(env, store, connection, plan) else "committed"
        if fate == "in progress":
            raise StoreUnsettled(store)
        if fate != "committed":
            open_[number] = plan
    return open_


def _anything_left(env: Environment, store: str, connection: Connection, plan: Plan) -> bool:
    """Whether a row that was to go is there, a column that was to be overwritten holds what it held, or one that was to
    be set or corrected is not.
    """
    ground = ground_of(env, store, connection)
    found = survey.find(connection, ground, {plan.number: plan.footprint})[plan.number]
    there = {(row.table, row.key) for row in found}
    if any(
        presence.unmarked(connection, ground.targets[step.table], step.columns, step.keys)
        for step in plan.steps_of(store)
        if step.action in ("set", "restrict")
    ):
        return True
    right = {fix.attribute: fix.new for fix in plan.fixes}
    if any(
        correct.wrong(connection, target, right_values(target.table, step, right), step.keys)
        for step in plan.steps_of(store)
        if step.action == "correct" and (target := ground.targets[step.table]).table.key
    ):
        return True
    return any(
        any((step.table, key) in there for key in step.keys)
        if step.action == "delete"
        else bool(
            presence.filled(connection, ground.targets[step.table], ground, plan.footprint, step.columns, step.keys)
        )
        for step in plan.steps_of(store)
        if step.action == "delete" or (step.action in ("anonymise", "keep") and step.columns)
    )


def ground_of(env: Environment, store: str, connection: Connection) -> Ground:
    """The store's tables, compared with the catalog in this very transaction."""
    checked = check(connection, env.catalog.stores[store])
    refuse_unsafe(checked.drifts)
    schema = live.keyed(connection, checked.live)
    return Ground.of(env.targets(store, checked.live.types), schema)


def counts(plan: Plan, store: str) -> dict[str, int]:
    """The rows that a plan changes in a store, by table."""
    changed: Counter[str] = Counter()
    for step in plan.steps_of(store):
        if step.changes:
            changed[str(step.table)] += step.rows
    return dict(changed)


def body_of(tombstones_: Mapping[str, Any], counters: Mapping[TableName, Tally], requests: int) -> dict[str, Any]:
    """What an intent keeps: the tombstones to be, and what PostgreSQL counted for so many requests together."""
    together = {receipts.COUNTED_TOGETHER: requests} if requests > 1 else {}
    counted = {
        str(table): {
            receipts.COUNTED_INSERTED: tally.inserted,
            receipts.COUNTED_UPDATED: tally.updated,
            receipts.COUNTED_DELETED: tally.deleted,
            **together,
        }
        for table, tally in counters.items()
    }
    return {"tombstones": tombstones_, "counted": counted}


def _work(plan: Plan, store: str, counted: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """What was done by table: rows by action, and the counters."""
    work: dict[str, Counter[str]] = {}
    for step in plan.steps_of(store):
        if step.action not in ASIDE:
            work.setdefault(str(step.table), Counter())[step.action] += step.rows
    return {table: {**work.get(table, {}), **counted.get(table, {})} for table in {**work, **counted}}


def receipt(env: Environment, store: str, number: str, plan: Plan) -> Receipt:
    """Refresh what is to be refreshed, then put on record what was committed; what is on record stands."""
    if views := _views(plan, store):
        with transaction(env.register) as register:
            if on_record := standing(register, number).get(store):
                return on_record
        for name in views:
            # Each in a transaction of its own: what was erased is committed, and this can take long.
            with env.writing(store) as connection:
                refresh(connection, name)
    with transaction(env.register) as register:
        if on_record := standing(register, number).get(store):
            return on_record
        intent = intents.newest(register, env.keyring, number, step_of(plan.right), store)
        assert intent is not None, "a store's work is written down before it is committed"
        if intent.body["tombstones"]["tables"]:
            tombstones.put_tombstones(register, env.keyring, number, store, intent.body["tombstones"])
        return receipts.put_receipt(
            register,
            env.keyring,
            number,
            step_of(plan.right),
            store,
            counts(plan, store),
            plan.digest,
            work=_work(plan, store, intent.body["counted"]),
        )


def _views(plan: Plan, store: str) -> list[TableName]:
    """The materialised views that showed rows of this person."""
    return list(dict.fromkeys(s.table for s in plan.steps_of(store) if s.action == "refresh" and s.rows))


def refresh(connection: Connection, name: TableName) -> None:
    """Make a materialised view anew; where it has a unique index, without keeping its readers out."""
    table = live.structure(connection).tables[name]
    whole = any(
        index.unique and not index.partial and len(index.columns) == len(index.parts) for index in table.indexes
    )
    changes.refresh(connection, name, concurrently=whole)
