"""An objection on grounds of the person's own situation (art. 21(1)): a human weighs it, class by class.

Until that is done the use of these classes is restricted (art. 18(1)(d)): the data are only stored. A refusal takes a
second pair of eyes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from avgflow.errors import AvgflowError
from avgflow.handling import planning
from avgflow.handling.approving import refuse_alone
from avgflow.handling.environment import Environment
from avgflow.handling.objected import to_weigh
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting, ask
from avgflow.plan import Plan
from avgflow.register import events, requests, weighings
from avgflow.register.database import transaction
from avgflow.register.requests import Status
from avgflow.register.weighings import Refusal, Weighed

EVERY = "all"
UPHOLD, REFUSE = "uphold", "refuse"

_SAID = re.compile(rf"(?P<of>[A-Za-z0-9_-]+)=(?:{UPHOLD}|{REFUSE}:(?P<reason>[a-z-]+))")


class NotWeighed(AvgflowError):
    """An objection was to be answered that nobody has weighed."""

    def __init__(self, number: str, classes: Sequence[str]) -> None:
        super().__init__(
            f"Nobody has weighed the objection {number} for {', '.join(classes)}. Clear task 'weigh' and what follows."
        )


def weigh(env: Environment, number: str) -> Question | None:
    """None where everything is weighed, or nothing has to be; else the question, on the register."""
    with transaction(env.register) as register:
        plan = planning.newest(env, register, number)
        left = _left(plan, weighings.weighed(register, number))
        if left:
            question = Question(number, Waiting.WEIGHING)
            ask(env, register, question)
            return question
        requests.set_status(register, env.keyring, number, Status.RUNNING)
    return None


def take(env: Environment, number: str, said: object, actor: str) -> None:
    """Record how a human weighed what is left; `ChoiceRefused` where that does not fit, or is not theirs to refuse."""
    outcomes = check(env, number, said, actor)
    with transaction(env.register) as register:
        weighings.put(register, env.keyring, number, outcomes, actor)


def check(env: Environment, number: str, said: object, actor: str) -> Mapping[str, Refusal | None]:
    """The outcome for each class that is left, for whoever is about to give it; `ChoiceRefused` as `take`."""
    with transaction(env.register) as register:
        left = _left(planning.newest(env, register, number), weighings.weighed(register, number))
        outcomes = _parsed(number, said, left)
        if any(outcomes.values()):
            refuse_alone(env, events.history(register, number), actor, f"To refuse the objection {number}")
    return outcomes


def of_request(env: Environment, number: str) -> Sequence[Weighed]:
    """How the classes of the newest plan were weighed; `NotWeighed` where one was not."""
    with transaction(env.register) as register:
        plan, found = planning.newest(env, register, number), weighings.weighed(register, number)
    if left := _left(plan, found):
        raise NotWeighed(number, left)
    wanted = to_weigh(plan)
    return [one for one in found if one.record_class in wanted]


def _left(plan: Plan, done: Sequence[Weighed]) -> list[str]:
    known = {one.record_class for one in done}
    return [name for name in to_weigh(plan) if name not in known]


def _parsed(number: str, said: object, left: Sequence[str]) -> dict[str, Refusal | None]:
    """'R1=uphold R2=refuse:contract', or 'all=…', as an outcome for each class that is left."""
    outcomes: dict[str, Refusal | None] = {}
    for part in str(said or "").replace(",", " ").replace(";", " ").split():
        match = _SAID.fullmatch(part)
        if match is None or (match["reason"] is not None and match["reason"] not in set(Refusal)):
            raise _unclear(number, left)
        refusal = Refusal(match["reason"]) if match["reason"] else None
        names = left if match["of"].lower() == EVERY else [match["of"].upper()]
        if not set(names) <= set(left) or set(names) & outcomes.keys():
            raise _unclear(number, left)
        outcomes |= dict.fromkeys(names, refusal)
    if set(outcomes) != set(left):
        raise _unclear(number, left)
    return outcomes


def _unclear(number: str, left: Sequence[str]) -> ChoiceRefused:
    return ChoiceRefused(
        f"Say of each of {', '.join(left) or 'no class'} once how you weigh the objection {number}: CLASS=uphold or "
        f"CLASS=refuse:REASON, with as REASON one of {', '.join(Refusal)}.",
        f"Zeg van elke soort gegevens één keer hoe u weegt: {', '.join(left) or 'er is niets meer te wegen'}.",
    )
