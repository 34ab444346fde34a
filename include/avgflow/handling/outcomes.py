"""What a request came to, by right."""

from __future__ import annotations

from sqlalchemy import Connection

from avgflow.dossier import erasure
from avgflow.handling import answering_restriction, objected, planning, rectified
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import events, receipts, requests
from avgflow.register.evidence import Evidence
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome


def of_access(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """Fulfilled, unless nothing was held or something about the person could not be given (art. 15(4),
    UAVG art. 41(1)).
    """
    plan = planning.newest(env, register, number)
    collected = sum(sum(r.counts.values()) for r in receipts.receipts(register, number) if r.step == Step.COLLECT)
    if collected == 0:
        return Outcome.NOTHING_FOUND
    replaced = proof is not None and others(env, proof)
    withheld = any(event.name == EventName.ITEMS_WITHHELD for event in events.history(register, number))
    return Outcome.PARTLY_FULFILLED if plan.shared_rows or replaced or withheld else Outcome.FULFILLED


def of_portability(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """Refused only where something is held and nothing of it goes along; what the right does not reach is no refusal
    of the rest.
    """
    plan = planning.newest(env, register, number)
    if not sum(step.rows for step in plan.steps):
        return Outcome.NOTHING_FOUND
    if not plan.rows:
        return Outcome.REFUSED
    replaced = proof is not None and others(env, proof)
    return Outcome.PARTLY_FULFILLED if plan.shared_rows or replaced else Outcome.FULFILLED


def of_erasure(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """What the letter says that it came to, of the plan and of what was carried out before it."""
    request = requests.get(register, number)
    answer = erasure.of_plan(
        planning.newest(env, register, number),
        env.catalog,
        env.policy,
        language=request.language.value,
        name=None,
        received=request.received,
        made_on=day_in_amsterdam(),
    )
    return Outcome(answer.outcome)


def of_rectification(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """What the letter says that it came to."""
    return Outcome(rectified.of_request(env, register, number, None).outcome)


def of_objection(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """What the letter says that it came to."""
    return Outcome(objected.of_request(env, register, number, None).outcome)


def of_restriction(env: Environment, register: Connection, number: str, proof: Evidence | None) -> Outcome:
    """What the letter says that it came to."""
    return Outcome(answering_restriction.of_request(env, register, number, None).outcome)


def others(env: Environment, proof: Evidence) -> bool:
    """Whether anything of people other than staff was replaced; names of staff are not the person's data (C-579/21)."""
    for entry in proof.result["redactions"]:
        table = next(t for n, t in env.catalog.stores[entry["store"]].tables.items() if str(n) == entry["table"])
        if entry["reason"] != "third_party" or table.columns[entry["column"]].category != "staff":
            return True
    return False
