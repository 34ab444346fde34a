"""A letter or package that went to the wrong person: on record with what is known of it already (AVG art. 33)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from avgflow.breach import Facts, Field, Missing, What, missing
from avgflow.handling import planning
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.register import breaches, events
from avgflow.register.breaches import Breach, Recorded
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing


@dataclass(frozen=True, repr=False)
class Shown:
    """A breach with all that is on record of it; its text form shows nothing."""

    breach: Breach
    to: str
    facts: Facts
    history: tuple[Recorded, ...]
    passphrase_shown: bool
    missing: Missing | None


def open_(env: Environment, number: str, what: What, to: str, aware: datetime, actor: str) -> Breach:
    """Put a breach on record, with what the register itself knows of it: the officer corrects what is not so.

    Again with the same words it is the same breach, and nothing is added.
    """
    with transaction(env.register) as register:
        made = breaches.open_(register, env.keyring, number, what, to, aware, actor)
        if not breaches.fields(register, made.id):
            breaches.record(register, env.keyring, made.id, _known(env, register, number, what), SYSTEM)
        return made


def record(env: Environment, id_: int, facts: Mapping[Field, str], actor: str) -> Missing | None:
    """Add facts; what is still missing before it may be closed, if anything."""
    with transaction(env.register) as register:
        breaches.record(register, env.keyring, id_, facts, actor)
        standing = breaches.get(register, id_)
        return missing(breaches.facts(register, env.keyring, id_), standing.due_at)


def show(env: Environment, id_: int, actor: str) -> Shown:
    """All that is on record of a breach; that it is shown goes on record too."""
    with transaction(env.register) as register:
        standing = breaches.get(register, id_)
        to = breaches.to_whom(register, env.keyring, id_, actor)
        facts = breaches.facts(register, env.keyring, id_)
        return Shown(
            standing,
            to,
            facts,
            tuple(breaches.history(register, env.keyring, id_)),
            any(event.name == EventName.PASSPHRASE_SHOWN for event in events.history(register, standing.number)),
            None if standing.closed_at else missing(facts, standing.due_at),
        )


def _known(env: Environment, register: Connection, number: str, what: What) -> dict[Field, str]:
    """What the register knows: of whom, what it held, and who can be asked. In Dutch, for the authority."""
    controller = env.policy.controller
    officer = f"{controller.officer.nl[0].upper()}{controller.officer.nl[1:]}"
    thing = "Een brief" if what is What.LETTER else "Een versleuteld pakket"
    known = {
        Field.NATURE: f"{thing} van privacyverzoek {number} ging naar een verkeerde persoon (vertrouwelijkheid).",
        Field.PEOPLE: "1",
        Field.CONTACT: f"{officer} van {controller.name}, {controller.email}, {controller.phone}",
    }
    try:
        plan = planning.newest(env, register, number)
    except PlanMissing:
        return known
    if what is What.LETTER:
        return {
            **known,
            Field.CATEGORIES: "Naam, en welke soorten gegevens wij van deze persoon hebben",
            Field.RECORDS: "1",
        }
    return {**known, Field.CATEGORIES: _kinds(env, plan), Field.RECORDS: str(plan.rows)}


def _kinds(env: Environment, plan: Plan) -> str:
    """The kinds of data in the package of a plan."""
    held = {step.record_class for step in plan.steps if step.action in ("collect", "hand over") and step.rows}
    return ", ".join(of_class.title.nl for name, of_class in env.policy.classes.items() if name in held)
