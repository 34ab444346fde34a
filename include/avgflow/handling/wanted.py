"""What a request wants, as far as the steps differ by it: the right, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from avgflow.asked import NOTHING, Asked
from avgflow.handling.environment import Environment
from avgflow.intake import Intake, RestrictionGround, Right, Scope
from avgflow.plan import Fix, Plan
from avgflow.register import requests, weighings


@dataclass(frozen=True)
class Wanted:
    """`scope`: of an objection, `refused`: the classes for which a human did not uphold it. `ground`: of a restriction.
    `asked`: the values to correct, and the like; `fixes`: these, with what stands in the stores, as the newest plan has
    them.
    """

    right: Right
    scope: Scope | None = None
    ground: RestrictionGround | None = None
    asked: Asked = NOTHING
    refused: frozenset[str] = frozenset()
    fixes: tuple[Fix, ...] = ()


def of_intake(intake: Intake) -> Wanted:
    """What a request that is not registered would want."""
    return Wanted(intake.right, intake.scope, intake.ground, intake.asked)


def of_plans(env: Environment, register: Connection, plans: Mapping[str, Plan]) -> dict[str, Wanted]:
    """What requests want whose plans are carried out: with the values that were approved."""
    asked = of_requests(env, register, plans)
    return {number: replace(one, fixes=plans[number].fixes) for number, one in asked.items()}


def of_requests(env: Environment, register: Connection, numbers: Iterable[str]) -> dict[str, Wanted]:
    """What registered requests want."""
    found: dict[str, Wanted] = {}
    for number in numbers:
        request = requests.get(register, number)
        asked = requests.asked(register, env.keyring, number)
        refused = frozenset(one.record_class for one in weighings.weighed(register, number) if not one.upheld)
        found[number] = Wanted(request.right, request.scope, request.ground, asked, refused)
    return found
