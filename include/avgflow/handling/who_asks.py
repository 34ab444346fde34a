"""Who asks a registered request, and what follows from that: it goes on, a mandate must be seen, or it is declined."""

from __future__ import annotations

from sqlalchemy import Connection

from avgflow.handling.environment import Environment
from avgflow.intake import Verification
from avgflow.policy.who_may_ask import Decline, Standing, who_may_ask
from avgflow.register import declines, requests
from avgflow.register.events import SYSTEM
from avgflow.register.requests import Request


def standing(env: Environment, register: Connection, request: Request) -> Standing:
    """Whether who asks may ask this, by what is known now."""
    return _with_mandate(env, register, request, request.verified_by is Verification.MANDATE)


def allowed_by_mandate(env: Environment, register: Connection, request: Request) -> bool:
    """Whether a mandate would let the request go on."""
    return not isinstance(_with_mandate(env, register, request, mandate=True), Decline)


def settle(env: Environment, register: Connection, request: Request) -> Standing:
    """As `standing`; where they may not ask this, the proposal to decline it is on the register for an officer to
    confirm, and where it turned out that they may, that proposal is gone.
    """
    found = standing(env, register, request)
    proposal = declines.proposal(register, env.keyring, request.number)
    if isinstance(found, Decline) and proposal is None:
        declines.propose(register, env.keyring, request.number, found.reason)
    elif not isinstance(found, Decline) and proposal is not None and proposal.by_itself:
        declines.drop(register, env.keyring, request.number, SYSTEM)
    return found


def _with_mandate(env: Environment, register: Connection, request: Request, mandate: bool) -> Standing:
    born = requests.subject(register, env.keyring, request.number).born
    return who_may_ask(request.capacity, born, request.received, mandate, request.scope)
