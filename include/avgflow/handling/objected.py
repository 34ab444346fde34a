"""What an objection came to, as it stands on the register: from its plan, its receipts' day and the weighing."""

from __future__ import annotations

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.dossier import objection
from avgflow.dossier.objection import ObjectionAnswer
from avgflow.fields import AMSTERDAM
from avgflow.handling import planning, suppressing
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.plan import Plan
from avgflow.register import events, requests, weighings
from avgflow.register.names import EventName
from avgflow.register.weighings import Refusal


def to_weigh(plan: Plan) -> tuple[str, ...]:
    """The record classes of which the plan has rows that a human weighs."""
    return tuple(sorted({str(step.record_class) for step in plan.steps if step.action == "weigh"}, key=_natural))


def of_request(env: Environment, register: Connection, number: str, name: str | None) -> ObjectionAnswer:
    """What an objection is answered with, as it stands on the register."""
    plan = planning.newest(env, register, number)
    request = requests.get(register, number)
    wanted = to_weigh(plan)
    weighed = {
        one.record_class: _words(Refusal(one.reason)) if one.reason else None
        for one in weighings.weighed(register, number)
        if one.record_class in wanted
    }
    begun = [e.at for e in events.history(register, number) if e.name == EventName.OBJECTION_BEGUN]
    return objection.of_plan(
        plan,
        env.catalog,
        env.policy,
        weighed,
        addresses=sum(len(suppressing.addresses(plan, channel)) for channel in plan.suppress),
        language=request.language.value,
        name=name,
        received=request.received,
        stopped_on=begun[0].astimezone(AMSTERDAM).date() if begun else day_in_amsterdam(),
    )


def _words(refusal: Refusal) -> Text:
    return Text(nl=refusal.nl, en=refusal.en)


def _natural(name: str) -> tuple[int, str]:
    """R2 before R10."""
    return len(name), name
