"""What a request came to, by right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from sqlalchemy import Connection

from avgflow.handling import planning
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.policy import decide
from avgflow.policy.decide import Decision, Ground
from avgflow.policy.models import RecordClass
from avgflow.register import receipts
from avgflow.register.evidence import Evidence
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome

_DECIDED: Mapping[str, Literal["erase", "keep"]] = {"delete": "erase", "anonymise": "erase", "keep": "keep"}
"""What was decided of the person's own rows; the other actions follow from these."""

_OUTCOMES = {"fulfilled": Outcome.FULFILLED, "partly": Outcome.PARTLY_FULFILLED, "refused": Outcome.REFUSED}


def of_access(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """Fulfilled, unless nothing was held or something about the person could not be given (art. 15(4))."""
    plan = planning.newest(env, register, number)
    collected = sum(sum(r.counts.values()) for r in receipts.receipts(register, number) if r.step == Step.COLLECT)
    if collected == 0:
        return Outcome.NOTHING_FOUND
    others = proof is not None and _others(env, proof)
    return Outcome.PARTLY_FULFILLED if plan.shared_rows or others else Outcome.FULFILLED


def of_erasure(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """As the plan decided, row by row, with what was carried out before it. Rows that hang only on an identifier of
    more people were not asked to be erased by all of them, and refuse nobody anything.
    """
    plan = planning.newest(env, register, number)
    if not any(step.rows and step.action in _DECIDED for step in (*plan.done, *plan.steps)):
        return Outcome.NOTHING_FOUND
    return _OUTCOMES[decide.outcome(_decisions(env, plan))]


def _decisions(env: Environment, plan: Plan) -> Iterator[tuple[RecordClass, Decision]]:
    for step in (*plan.done, *plan.steps):
        if step.rows and step.record_class and step.reason and step.action in _DECIDED:
            yield (
                env.policy.classes[step.record_class],
                Decision(_DECIDED[step.action], Ground(step.ground), step.reason),
            )


def _others(env: Environment, proof: Evidence) -> bool:
    """Whether anything of people other than staff was replaced; names of staff are not the person's data (C-579/21)."""
    for entry in proof.result["redactions"]:
        table = next(t for n, t in env.catalog.stores[entry["store"]].tables.items() if str(n) == entry["table"])
        if entry["reason"] != "third_party" or table.columns[entry["column"]].category != "staff":
            return True
    return False
