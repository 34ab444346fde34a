"""Noting what is right about rows that stay as they are (AVG art. 16), and telling who asks."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.dossier.content import Noted
from avgflow.dossier.rectification import label_of
from avgflow.fields import AMSTERDAM
from avgflow.handling.environment import Environment
from avgflow.identity import Key
from avgflow.plan import Plan
from avgflow.register import events
from avgflow.register.annotations import Note, notes_of, notes_of_person, put_annotation
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.subjects import Identifiers, hashes


def annotate(env: Environment, register: Connection, plan: Plan, statement: str | None) -> None:
    """Put on record what a plan says to note: the right values beside what stays, a statement beside an opinion."""
    for store, described in env.catalog.stores.items():
        for name, table in described.tables.items():
            keys: list[Key] = [
                key
                for step in plan.steps_of(store)
                if step.table == name and step.action == "annotate"
                for key in step.keys
            ]
            if not keys:
                continue
            stays = table.rectify == "annotate"
            right = [(fix.attribute, fix.new) for fix in plan.fixes] if stays else []
            said = None if stays else statement
            put_annotation(register, env.keyring, plan.number, store, str(name), keys, right, said)


def of_person(env: Environment, identifiers: Identifiers) -> Iterator[Noted]:
    """What was noted for whoever has these identifiers, as an access copy shows it."""
    with transaction(env.register) as register:
        found = notes_of_person(register, env.keyring, hashes(env.keyring, identifiers))
    for note in found:
        described = env.catalog.stores.get(note.where.store)
        title = described and next(
            (table.title for name, table in described.tables.items() if str(name) == note.where.table), None
        )
        yield Noted(
            title or Text(nl=note.where.table, en=note.where.table),
            note.where.rows,
            note.where.at.astimezone(AMSTERDAM).date(),
            tuple((label_of(env.catalog, attribute), value) for attribute, value in note.right),
            note.statement,
        )


def show(env: Environment, number: str, actor: str) -> list[Note]:
    """What a request noted; the showing is put on record."""
    with transaction(env.register) as register:
        found = list(notes_of(register, env.keyring, number))
        facts = {"annotations": len(found)}
        events.append(register, env.keyring, EventName.ANNOTATIONS_SHOWN, number, actor, facts)
    return found
