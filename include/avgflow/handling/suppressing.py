"""Putting the addresses of a person on the list of who is written to no more, by channel."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.register import suppressions
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.suppressions import Channel


class NotSuppressed(AvgflowError):
    """An address of a person who objected is not on the list."""

    def __init__(self, number: str, channel: str) -> None:
        super().__init__(
            f"Not every address of {number} is suppressed for {channel}. Clear the task before those of the stores "
            f"(suppress, or restrict), and what follows."
        )


class NotOnTheList(AvgflowError):
    """A suppression was to be lifted that is not there."""

    def __init__(self) -> None:
        super().__init__("This address is not suppressed; nothing was changed.")


def lift(env: Environment, channel: str, address: str, actor: str) -> None:
    """Lift the suppression of an address, because the person signed up again.

    `NotOnTheList`, `BlankAddress`, `UnknownChannel`.
    """
    with transaction(env.register) as register:
        if not suppressions.lift(register, env.keyring, channel, address, actor):
            raise NotOnTheList


def suppress(env: Environment, register: Connection, plan: Plan, reason: str) -> None:
    """Every address that was the person's own; a mailbox that others use too stays open to them."""
    for channel in plan.suppress:
        for address in addresses(plan, channel):
            suppressions.suppress(register, env.keyring, channel, address, reason, plan.number, SYSTEM)


def require(env: Environment, plan: Plan) -> Mapping[str, int]:
    """How many addresses are on the list, by channel; `NotSuppressed` where one is not."""
    found: dict[str, int] = {}
    with transaction(env.register) as register:
        for channel in plan.suppress:
            own = addresses(plan, channel)
            if suppressions.suppressed(register, env.keyring, channel, own) != set(own):
                raise NotSuppressed(plan.number, channel)
            found[channel] = len(own)
    return found


def addresses(plan: Plan, channel: str) -> list[str]:
    """The person's own addresses on a channel."""
    return sorted(own(plan).get(Channel(channel).kind, frozenset()))


def own(plan: Plan) -> Mapping[str, frozenset[str]]:
    """The identifiers that are the person's and nobody else's, by kind: those given, and those that were found."""
    person, nothing = plan.footprint, frozenset[str]()
    return {
        kind: (person.identifiers.get(kind, nothing) | person.held.get(kind, nothing))
        - person.shared.get(kind, nothing)
        for kind in {*person.identifiers, *person.held}
    }
