"""The step once per store: carry out the plan, and write the receipt; of a right whose plan is approved only if it is.

The store's transaction is written down on the register before it is committed. Whoever comes back after a kill asks the
store what became of it, so that nothing is done twice, counted twice, or called done that is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.handling import carried, deciding, planning, rectifying, tombs, wanted
from avgflow.handling.environment import Environment
from avgflow.plan import ASIDE, Plan, Step
from avgflow.register import approvals, intents, locks
from avgflow.register.database import transaction
from avgflow.register.receipts import Receipt
from avgflow.stores import erase, survey
from avgflow.stores.erase import Done, StoreChanged, Work
from avgflow.stores.survey import Found, Ground


class NotApproved(AvgflowError):
    """A plan was to be carried out that nobody approved."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Nothing was changed for {number}: its newest plan is not approved. Clear task 'approve' and what follows."
        )


def run(env: Environment, store: str, numbers: Sequence[str]) -> dict[str, Receipt]:
    """Erase or correct in one store for the batch; a second run of the same finds the receipt and changes nothing.

    Raises `NotApproved`, and what `erase.erase` raises; then the store is as it was.
    """
    with transaction(env.register) as register:
        plans = {number: planning.newest(env, register, number) for number in numbers}
        for number, plan in plans.items():
            approval = approvals.approval(register, number)
            if approval is None or approval.digest != plan.digest:
                raise NotApproved(number)
    return carry_out(env, store, plans)


def carry_out(env: Environment, store: str, plans: Mapping[str, Plan]) -> dict[str, Receipt]:
    """Carry out plans of one right in one store, or find the receipts; raises what `erase.erase` raises."""
    work = [f"erase {number} {store}" for number in plans]
    with carried.faults_on_record(env, store, list(plans)), locks.alone(env.register, work):
        open_ = carried.open_plans(env, store, plans)
        if open_:
            _erase(env, store, open_)
        return {number: carried.receipt(env, store, number, plan) for number, plan in plans.items()}


def _erase(env: Environment, store: str, plans: Mapping[str, Plan]) -> None:
    with env.writing(store) as connection:
        ground, now, found, done = _change(env, store, connection, plans)
        with transaction(env.register) as register:
            for number, plan in plans.items():
                stones = tombs.body(env.keyring, ground, now[number], found[number], plan.footprint)
                body = carried.body_of(stones, done.counters, len(plans))
                intents.put_intent(
                    register,
                    env.keyring,
                    number,
                    carried.step_of(plan.right),
                    store,
                    plan.digest,
                    done.transaction,
                    done.server,
                    carried.counts(plan, store),
                    plan.digest,
                    body,
                )
    # Committed from here on.


def rehearse(env: Environment, store: str, plans: Mapping[str, Plan]) -> None:
    """Carry out plans in one store and take it all back, so that what its database refuses is known before anything is
    changed anywhere; raises what `erase.erase` raises, and `StoreRefused`.
    """

    with suppress(_TakenBack), env.writing(store) as connection:
        _change(env, store, connection, plans)
        raise _TakenBack


class _TakenBack(Exception):
    pass


def _change(
    env: Environment, store: str, connection: Connection, plans: Mapping[str, Plan]
) -> tuple[Ground, Mapping[str, tuple[Step, ...]], Mapping[str, Sequence[Found]], Done]:
    """Do in a store's transaction what the plans say; the tables, the steps and rows of each person, and what was done.

    `StoreChanged` where the rows are no longer as planned.
    """
    with transaction(env.register) as register:
        asked = wanted.of_plans(env, register, plans)
    ground = rectifying.reading(carried.ground_of(env, store, connection), (one.asked for one in asked.values()))
    people = {number: plan.footprint for number, plan in plans.items()}
    found = survey.find(connection, ground, people)
    basis = {number: plan.basis for number, plan in plans.items() if plan.basis is not None}
    situations = deciding.situation(env, people, basis)
    now = deciding.in_store(env.policy, store, connection, ground, found, situations, asked)
    for number, plan in plans.items():
        _refuse_another(store, plan, now[number])
    works = {
        number: Work(now[number], people[number], found[number], {fix.attribute: fix.new for fix in plan.fixes})
        for number, plan in plans.items()
    }
    return ground, now, found, erase.erase(connection, store, ground, works)


def _refuse_another(store: str, plan: Plan, now: Sequence[Step]) -> None:
    """`StoreChanged` unless the rows and what becomes of them are still those of the plan.

    What an objection leaves as it is may go on changing.
    """
    planned, found = ({step for step in some if step.action not in ASIDE} for some in (plan.steps_of(store), now))
    for step in planned ^ found:
        raise StoreChanged(store, step.table)
