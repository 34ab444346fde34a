"""What a right that changes stores comes to: a decision on every row of a person, and what follows in each store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from avgflow.catalog import live
from avgflow.effects import OwnRow, effects
from avgflow.handling import objecting, rectifying, restricting
from avgflow.handling.environment import CheckedView, Environment
from avgflow.handling.wanted import Wanted
from avgflow.identity import Footprint
from avgflow.intake import Right
from avgflow.plan import Action, Basis, Fix, Step
from avgflow.policy import decide
from avgflow.policy.decide import Record, Situation
from avgflow.policy.models import Policy
from avgflow.register import holds
from avgflow.register.database import transaction
from avgflow.stores import count, survey
from avgflow.stores.survey import VIEWS, Found, Ground
from avgflow.stores.together import together

EMAIL = "email"
"""The one channel on which people are written to for marketing."""


@dataclass(frozen=True)
class Decided:
    """What becomes of one person's rows in all stores, and on which basis; `fixes`: of a rectification."""

    steps: tuple[Step, ...]
    basis: Basis
    fixes: tuple[Fix, ...] = ()


def everywhere(
    env: Environment,
    view: CheckedView,
    people: Mapping[str, Footprint],
    today: date,
    wanted: Mapping[str, Wanted],
) -> dict[str, Decided]:
    """The decisions for each person of the batch, over all stores as they are now."""

    def look(store: str) -> tuple[Ground, dict[str, list[Found]]]:
        connection = view.connections[store]
        ground = Ground.of(view.targets(store), live.keyed(connection, view.checked[store].live))
        ground = rectifying.reading(ground, (one.asked for one in wanted.values()))
        return ground, survey.find(connection, ground, people)

    seen = together(view.connections, look)
    basis = {
        number: Basis(today, any(row.running for _, found in seen.values() for row in found[number]))
        for number in people
    }
    situations = situation(env, people, basis)
    wanted = {number: _fixed(view, number, one, seen) for number, one in wanted.items()}

    def judged(store: str) -> dict[str, tuple[Step, ...]]:
        ground, found = seen[store]
        return in_store(env.policy, store, view.connections[store], ground, found, situations, wanted)

    made = together(view.connections, judged)
    views = together(view.connections, lambda store: _views(view, store, people))
    return {
        number: Decided(
            tuple(
                step
                for store in made
                for step in _with_views(made[store][number], views[store][number], wanted[number])
            ),
            basis[number],
            wanted[number].fixes,
        )
        for number in people
    }


def _fixed(
    view: CheckedView, number: str, wanted: Wanted, seen: Mapping[str, tuple[Ground, Mapping[str, Sequence[Found]]]]
) -> Wanted:
    """What a rectification wants, with the wrong values as they stand in all stores; `ValueTaken` where a right one is
    somebody else's.
    """
    if wanted.right is not Right.RECTIFICATION:
        return wanted
    rows = [row for ground, found in seen.values() for row in rectifying.held(ground, found[number])]
    for store, (ground, found) in seen.items():
        rectifying.refuse_taken(view.connections[store], store, ground, number, wanted.asked, found[number])
    return replace(wanted, fixes=rectifying.fixes(number, wanted.asked.corrections, rows, wanted.fixes))


def _with_views(made: Sequence[Step], views: Sequence[Step], wanted: Wanted) -> Sequence[Step]:
    """The steps of one store; where nothing is changed, no view has to follow, unless all is to go."""
    return (*made, *views) if wanted.right is Right.ERASURE or any(step.changes for step in made) else made


def situation(env: Environment, people: Mapping[str, Footprint], basis: Mapping[str, Basis]) -> dict[str, Situation]:
    """What is known of each person: the basis of the plan, and the holds that stand now."""
    with transaction(env.register) as register:
        return {
            number: Situation(
                basis[number].made_on,
                holds.of(register, env.keyring, person.identifiers),
                basis[number].contract_runs,
            )
            for number, person in people.items()
        }


def in_store(
    policy: Policy,
    store: str,
    connection: Connection,
    ground: Ground,
    found: Mapping[str, Sequence[Found]],
    situations: Mapping[str, Situation],
    wanted: Mapping[str, Wanted],
) -> dict[str, tuple[Step, ...]]:
    """The steps in one store for each person, by what their request wants."""
    erased = {number: rows for number, rows in found.items() if wanted[number].right is Right.ERASURE}
    made = steps(policy, store, connection, ground, erased, situations)
    for number, rows in found.items():
        one = wanted[number]
        if one.scope is not None:
            known = situations[number]
            made[number] = objecting.steps(policy, store, connection, ground, rows, known, one.scope, one.refused)
        elif one.ground is not None:
            made[number] = restricting.steps(store, ground, rows, one.ground)
        elif one.right is Right.RECTIFICATION:
            made[number] = rectifying.steps(store, rectifying.held(ground, rows), one.fixes, one.asked.statement)
    return made


def steps(
    policy: Policy,
    store: str,
    connection: Connection,
    ground: Ground,
    found: Mapping[str, Sequence[Found]],
    situations: Mapping[str, Situation],
) -> dict[str, tuple[Step, ...]]:
    """The steps in one store for each person, from their rows as the connection sees them."""
    rows = {
        number: [
            _own(policy, row, situations[number], former=ground.targets[row.table].table.history) for row in their_rows
        ]
        for number, their_rows in found.items()
    }
    going = {
        number: [one for one, row in zip(found[number], own, strict=True) if row.decision.action == "erase"]
        for number, own in rows.items()
    }
    pointing = survey.pointing(connection, ground, going, found)
    return {number: effects(store, ground.places, own, pointing[number]) for number, own in rows.items()}


def _own(policy: Policy, row: Found, known: Situation, *, former: bool) -> OwnRow:
    record = Record(row.of_class.record_class, row.of_class.term, row.counts_from, former)
    return OwnRow(row.table, row.key, record.record_class, decide.erasure(policy, record, known), row.values)


def _views(view: CheckedView, store: str, people: Mapping[str, Footprint]) -> dict[str, list[Step]]:
    """A step for each view that shows rows of a person: it follows its tables, or is made anew."""
    found: dict[str, list[Step]] = defaultdict(list)
    targets = [target for target in view.targets(store) if target.table.kind in VIEWS]
    for number, tables in count.by_class(view.connections[store], targets, people).items():
        for target in targets:
            action: Action = "refresh" if target.table.kind == "materialized view" else "follow"
            for record_class, rows in sorted(tables[target.name].items(), key=lambda item: item[0] or ""):
                found[number].append(Step(store, target.name, record_class, rows, action))
    return found


def channels(policy: Policy, made: Iterable[Step]) -> tuple[str, ...]:
    """The channels on which the person is not written to any more: e-mail, where a class goes that is erased and
    suppressed, now or under an earlier plan.
    """
    classes = {step.record_class for step in made if step.action in ("delete", "anonymise")}
    suppressed = any(name and policy.classes[name].erasure == "erase_suppress" for name in classes)
    return (EMAIL,) if suppressed else ()
