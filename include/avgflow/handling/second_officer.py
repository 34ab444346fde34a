"""A second pair of eyes: where the policy names several privacy officers, another agrees than who began a thing."""

from __future__ import annotations

from collections.abc import Collection

from avgflow.catalog.models import Text
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import ChoiceRefused

REGISTERED = Text(nl="het verzoek inschreef", en="registered the request")
PROPOSED = Text(nl="het voorstelde", en="proposed it")


def officers(env: Environment) -> frozenset[str]:
    """The logins of the privacy officers, in lower case; none where the policy leaves it to the roles at Airflow."""
    return frozenset(login.strip().lower() for login in env.policy.erasure.officers)


def others(env: Environment, first: Collection[str]) -> frozenset[str]:
    """Who may agree to what these logins began; nobody in particular where there is no second officer."""
    known = officers(env)
    return known - {login.lower() for login in first} if len(known) > 1 else frozenset()


def require(env: Environment, first: Collection[str], actor: str, what: str, did: Text) -> None:
    """`ChoiceRefused` where there are several officers, and this human is one of those who began it or no officer.

    `what`: what they are about to do; `did`: what the first ones did (`REGISTERED`, `PROPOSED`).
    """
    if len(officers(env)) > 1 and actor.lower() not in (may := others(env, first)):
        named = ", ".join(sorted(may))
        raise ChoiceRefused(
            f"{what} takes a second pair of eyes. It is for a privacy officer other than who {did.en}: {named}.",
            f"Hier moet een tweede privacy officer naar kijken, een ander dan wie {did.nl}: {named}.",
        )
