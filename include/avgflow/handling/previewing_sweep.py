"""What a sweep would find now and why it would ask; nothing is changed, and nothing registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avgflow.handling import sweeping
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register.database import transaction
from avgflow.register.sweeps import Found
from avgflow.sweep import rules
from avgflow.sweep.caps import Ask


@dataclass(frozen=True)
class Preview:
    """What is past its term by rule, and what a sweep would ask a human first."""

    found: Sequence[Found]
    asks: Sequence[Ask]


def look(env: Environment) -> Preview:
    """Count in every store; seconds to minutes, as the stores are large."""
    found = sweeping.look(env)
    fingerprint = rules.fingerprint(env.catalog, env.policy)
    with transaction(env.register) as register:
        asks = sweeping.asks_of(env, register, found, fingerprint, day_in_amsterdam())
    return Preview(found, asks)
