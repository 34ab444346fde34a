"""Placing a hold, and taking up again what one had stopped when it is released (AVG art. 17(3)(e))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from avgflow import terms
from avgflow.handling import planning, registering
from avgflow.handling.environment import Environment
from avgflow.intake import Intake, day_in_amsterdam
from avgflow.policy.decide import EVERYTHING, Ground
from avgflow.register import clock, events, holds, locks, requests, subjects
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.holds import Hold, HoldRefused
from avgflow.register.names import EventName
from avgflow.register.requests import Request


def place(
    env: Environment,
    identifiers: Mapping[str, str] | None,
    record_class: str | None,
    until: date | None,
    reason: str,
    actor: str,
) -> Hold:
    """Place a hold on a person, a record class of the policy, or both.

    `HoldRefused`, or `UnknownKind` for an identifier that no store is searched by: it would hold nothing.
    """
    registering.require_known(env, identifiers or {})
    if record_class is not None and record_class not in env.policy.classes:
        raise HoldRefused(
            f"This record class is unknown. Choose one of: {', '.join(env.policy.classes)}.",
            "Deze soort gegevens kent het beleid niet. Kies een andere.",
        )
    with transaction(env.register) as register:
        return holds.place(register, env.keyring, identifiers, record_class, until, reason, actor)


def release(env: Environment, id_: int, actor: str) -> Hold:
    """Release a hold; `UnknownHold`. What it had stopped is taken up again by `released`."""
    with transaction(env.register) as register:
        return holds.release(register, env.keyring, id_, actor)


def released(env: Environment, hold: Hold, actor: str = SYSTEM) -> list[str]:
    """Register a follow-up of each closed erasure that kept rows because of a released hold; their numbers.

    A follow-up asks the same of the same person, who need not be verified again, with terms of its own from today. A
    request gets one only: what that keeps in its turn is its own to be followed up. Rows that another hold still
    covers are left for that one. The caller starts the runs (`registering.start_all`).
    """
    with transaction(env.register) as register:
        possible = holds.closed_erasures(register, hold)
    made = []
    for request in possible:
        with transaction(env.register) as register:
            # Two at once wait here for each other; the second then finds the first one's event.
            locks.locked(register, request.number)
            if _followed_up(register, request.number) or not _freed(env, register, request.number, hold):
                continue
            made.append(_follow_up(env, register, request, hold, actor))
    return made


def _followed_up(register: Connection, number: str) -> bool:
    history = events.history(register, number)
    return any(event.name == EventName.REQUEST_FOLLOW_UP and "follow_up" in event.detail for event in history)


def _freed(env: Environment, register: Connection, number: str, hold: Hold) -> bool:
    """Whether the request kept rows of a class that this hold was on and no hold is on now."""
    kept = {
        step.record_class
        for step in planning.newest(env, register, number).steps
        if step.action == "keep" and step.ground == Ground.CLAIM
    }
    still = holds.of_hashes(register, subjects.hashes_of(register, number))
    of_hold = kept if hold.record_class is None else kept & {hold.record_class}
    return EVERYTHING not in still and bool(of_hold - still.keys())


def _follow_up(env: Environment, register: Connection, earlier: Request, hold: Hold, actor: str) -> str:
    today = day_in_amsterdam()
    term = terms.term(today, calendar=env.policy.calendar)
    intake = Intake(
        right=earlier.right,
        received=today,
        verified_by=earlier.verified_by,
        language=earlier.language,
        capacity=earlier.capacity,
        subject=requests.subject(register, env.keyring, earlier.number),
    )
    made = requests.register_request(register, env.keyring, intake, term.due, term.extended_due, actor)
    clock.counted(register, env.keyring, made.number, term)
    for number, detail in (
        (earlier.number, {"hold": hold.id, "follow_up": made.number}),
        (made.number, {"hold": hold.id, "earlier": earlier.number}),
    ):
        events.append(register, env.keyring, EventName.REQUEST_FOLLOW_UP, number, actor, detail)
    return made.number
