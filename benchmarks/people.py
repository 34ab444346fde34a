"""Whom the benchmarks ask for: one plain person of each kind, the same in a world of any size."""

from __future__ import annotations

from itertools import islice

from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.handling import registering
from avgflow.handling.environment import Environment
from avgflow.intake import Right, parse

KINDS = ("sole_proprietor", "contact_person", "portal_only", "visitor")


def of_each_kind(world: World) -> dict[str, SubjectTruth]:
    """The first person of each kind with nothing awkward about them."""
    people = [person for person in truth.of_block(world.block(0)).subjects if not person.traits]
    return {kind: next(person for person in people if person.kind == kind) for kind in KINDS}


def plain(world: World, kind: str, start: int, count: int) -> list[SubjectTruth]:
    """So many people of a kind with nothing awkward about them, from the n-th on; the same in a world of any size."""
    blocks = (truth.of_block(world.block(number)).subjects for number in world.blocks())
    found = (person for block in blocks for person in block if person.kind == kind and not person.traits)
    return list(islice(found, start, start + count))


def rows(person: SubjectTruth) -> int:
    """How many rows of all stores are theirs."""
    return sum(table.rows for table in person.owned.values())


def register(env: Environment, person: SubjectTruth, right: Right = Right.ACCESS) -> str:
    """A verified request of theirs on the register; its number."""
    intake = parse(
        right=right.value,
        email=person.identifiers.get("email", "niemand@example.org"),
        customer_number=person.identifiers.get("customer_number"),
        name=person.name,
        identifiers={
            kind: value for kind, value in person.identifiers.items() if kind not in {"email", "customer_number"}
        },
        verified_by="portal-login",
    )
    return registering.register(env, intake, "benchmark").request.number
