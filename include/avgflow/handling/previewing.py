"""What a request would come to, without registering it: who it is about, and the plan. Nothing is written anywhere."""

from __future__ import annotations

from avgflow import attributes
from avgflow.catalog.drift import refuse_unsafe
from avgflow.errors import AvgflowError
from avgflow.handling import planning, wanted
from avgflow.handling.environment import Environment
from avgflow.handling.registering import RightNotCarriedOut, require_known
from avgflow.handling.ways import WAYS
from avgflow.identity import Doubt
from avgflow.intake import Intake
from avgflow.plan import Plan
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.policy.who_may_ask import Decline, who_may_ask
from avgflow.stores.resolve import Start, resolve

UNNUMBERED = "dry-run"
"""What stands in the plan for a number that was not given out."""


class SeveralPeople(AvgflowError):
    """It is not certain who a request would be about."""

    def __init__(self, people: int) -> None:
        super().__init__(
            f"This may be about {people} persons, so no plan can be made before one of them is chosen. Give a further "
            f"identifier, or register the request: it then waits for that choice. Nothing was registered."
        )


class WouldBeDeclined(AvgflowError):
    """A request would not be carried out, for who asks it may not, or has no such right."""

    def __init__(self, reason: DeclineReason) -> None:
        super().__init__(
            f"This would be proposed to be declined: {GROUNDS[reason].summary.en} ({GROUNDS[reason].articles.en}). "
            f"Nothing was registered."
        )


def plan(env: Environment, intake: Intake) -> Plan:
    """The plan that a request would have now. `SeveralPeople`, `WouldBeDeclined`, and whatever registering or planning
    would refuse.
    """
    if intake.right not in WAYS:
        raise RightNotCarriedOut(intake.right)
    require_known(env, intake.subject.identifiers)
    # As if a mandate was seen, where one would do.
    asks = who_may_ask(intake.capacity, intake.subject.born, intake.received, True, intake.scope)
    if isinstance(asks, Decline):
        raise WouldBeDeclined(asks.reason)
    attributes.check(intake.asked.corrections, env.catalog.correctable)
    with env.checked_view() as view:
        refuse_unsafe([drift for found in view.checked.values() for drift in found.drifts])
        start = Start.given(intake.subject.identifiers)
        who = resolve(view.connections, view.places, {UNNUMBERED: start})[UNNUMBERED]
        if isinstance(who, Doubt):
            raise SeveralPeople(len(who.candidates))
        asked = {UNNUMBERED: wanted.of_intake(intake)}
        made = planning.of_people(env, view, {UNNUMBERED: who}, asked, {})
    return made[UNNUMBERED]
