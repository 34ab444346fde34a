"""Restricting the use of a person's records (art. 18): what is marked in a store, and what the register says.

The register counts: whoever asks it is told, whether or not a store can be marked. A store that has a column for it is
marked too, so that it knows by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from avgflow.dossier import restriction
from avgflow.dossier.content import Limited
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import suppressing
from avgflow.handling.environment import Environment
from avgflow.intake import RestrictionGround
from avgflow.plan import Plan, Step, grouped
from avgflow.policy.decide import EVERYTHING
from avgflow.policy.restriction import WHY
from avgflow.register import requests, restrictions
from avgflow.register.database import transaction
from avgflow.register.restrictions import Restriction
from avgflow.register.subjects import Identifiers
from avgflow.stores.survey import Found, Ground


class NotPlaced(AvgflowError):
    """A restriction was to be proven that is not on the register."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The restriction of {number} is not on the register. Clear the task before those of the stores, and what "
            f"follows."
        )


class NobodyNamed(AvgflowError):
    """Nobody was named to look up; to answer 'not restricted' would be untrue."""

    def __init__(self) -> None:
        super().__init__("Name the person: give --email, --customer-number or --identifier kind=value.")


def check(env: Environment, identifiers: Mapping[str, str]) -> Sequence[Restriction]:
    """The restrictions that stand on whoever has one of these identifiers; `NobodyNamed` where none is given."""
    if not identifiers:
        raise NobodyNamed
    with transaction(env.register) as register:
        return restrictions.on(register, env.keyring, identifiers)


def steps(store: str, ground: Ground, rows: Sequence[Found], why: RestrictionGround) -> tuple[Step, ...]:
    """The steps in one store for a person all of whose records are restricted."""
    left: Counter[Step] = Counter()
    marks = list(marking(store, ground, rows, why, lambda row: True))
    marked = {(step.table, key) for step in marks for key in step.keys}
    for row in rows:
        if (row.table, row.key) not in marked:
            reason = WHY[why]
            left[Step(store, row.table, row.of_class.record_class, 0, "list", reason.text, reason.article)] += 1
    return (*grouped(marks), *(replace(step, rows=number) for step, number in left.items()))


def marking(
    store: str,
    ground: Ground,
    rows: Sequence[Found],
    why: RestrictionGround,
    restricted: Callable[[Found], bool],
) -> Iterator[Step]:
    """A step for each mark that is still to be set in a row of which the use is restricted."""
    reason = WHY[why]
    for row in rows:
        table = ground.targets[row.table].table
        if not table.restricts or not restricted(row):
            continue
        for place, mark in enumerate(table.restricts, start=len(table.stops)):
            if place in row.open:
                columns, of_class = tuple(sorted(mark.set)), row.of_class.record_class
                yield Step(
                    store, row.table, of_class, 1, "restrict", reason.text, reason.article, None, columns, (row.key,)
                )


def place(env: Environment, register: Connection, plan: Plan) -> None:
    """Put on the register that what the plan says may not be used; nothing where it says so of nothing."""
    if plan.restricts:
        why = requests.get(register, plan.number).ground or RestrictionGround.OBJECTION
        restrictions.place(register, env.keyring, plan.number, why, plan.restricts, suppressing.own(plan))


def require(env: Environment, plan: Plan) -> None:
    """`NotPlaced` unless the register says that what the plan restricts may not be used."""
    with transaction(env.register) as register:
        placed = {one.record_class for one in restrictions.of_request(register, plan.number)}
    if not set(plan.restricts) <= placed:
        raise NotPlaced(plan.number)


def refused_erasure(register: Connection, number: str) -> Sequence[Restriction]:
    """The restrictions that stand on the person of a request because they wanted their data kept: they refused erasure
    (art. 18(1)(b)), or need the data for a claim (c). Whoever erases them is to know.
    """
    kept = {RestrictionGround.UNLAWFUL, RestrictionGround.CLAIMS}
    return [one for one in restrictions.of_same(register, number) if one.stands and one.ground in kept]


def of_person(env: Environment, identifiers: Identifiers) -> tuple[Limited, ...]:
    """What of a person may not be used now, as they read it; one entry for each request and ground."""
    with transaction(env.register) as register:
        found = restrictions.on(register, env.keyring, identifiers)
    alike: dict[tuple[str, str], list[Restriction]] = {}
    for one in found:
        alike.setdefault((one.number, one.ground), []).append(one)
    return tuple(
        Limited(
            kinds=restriction.titles(env.policy, classes) if EVERYTHING not in classes else (),
            since=min(one.begun_at for one in same).astimezone(AMSTERDAM).date(),
            why=WHY[RestrictionGround(ground)].text,
        )
        for (_, ground), same in alike.items()
        for classes in [{one.record_class for one in same}]
    )
