"""A correction is tried in every store before anything is changed in one: what a database refuses is known then."""

from __future__ import annotations

from avgflow.errors import AvgflowError, StoreRefused
from avgflow.handling import erasing
from avgflow.handling.environment import Environment
from avgflow.plan import Plan

_WHY = {
    "22001": "it is longer than the column holds",
    "23505": "it may stand in one row only, and another row has it or would get it too",
    "23514": "it does not have the form that the column asks",
    "23502": "the column may not be empty",
    "22007": "it is not of the column's type",
    "22P02": "it is not of the column's type",
}
"""SQLSTATE in words."""


class ValueRefused(AvgflowError):
    """A store's own rules refuse a right value; nothing was changed anywhere."""

    def __init__(self, number: str, store: str, state: str) -> None:
        super().__init__(
            f"Nothing was changed for {number}: '{store}' refuses a right value: "
            f"{_WHY.get(state, 'its database has a rule against it')} (SQLSTATE {state}). Ask the person for a value "
            f"that fits and register the request anew; or let the store's engineer join the person's rows or mend the "
            f"rule, then clear task 'plan' and what follows."
        )


def rehearse(env: Environment, plan: Plan) -> None:
    """Try what a rectification would do in every store, and take it back; `ValueRefused` names the first that does not
    take it, and `erasing.rehearse` says what else is raised.
    """
    for store in env.catalog.stores:
        if not any(step.action == "correct" for step in plan.steps_of(store)):
            continue
        try:
            erasing.rehearse(env, store, {plan.number: plan})
        except StoreRefused as refused:
            raise ValueRefused(plan.number, store, refused.sqlstate) from None
