"""Who the person is and who the others in their rows are, before anything of others is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from avgflow.catalog.models import Column, Table
from avgflow.catalog.names import TableName
from avgflow.handling.environment import Environment, View
from avgflow.identity import Footprint, normal
from avgflow.intake import Subject
from avgflow.redaction import Known, Pseudonyms, Redactor, digits, flat, possible_names, texts_of
from avgflow.stores.people import Kind, known_first_names, known_names
from avgflow.stores.together import together
from avgflow.workfile import Reader

_FULL_NAME, _FIRST_NAME, _LAST_NAME, _EMAIL, _PHONE = "full_name", "first_name", "last_name", "email", "phone"
_FORMER_ROW = "former_row"
"""The attribute of a jsonb column that holds the person's row as it was: its values are the person's own."""


@dataclass
class _Seen:
    """What one pass over a person's rows brings to light."""

    own: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    """Names beside the person's own identifiers, in rows about something else (the contact of an order)."""
    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    third: dict[str, tuple[str, Kind]] = field(default_factory=dict)
    possible: dict[str, None] = field(default_factory=dict)
    shortest: dict[str, None] = field(default_factory=dict)


def known(
    env: Environment, view: View, subject: Subject, footprint: Footprint, readers: Mapping[str, Reader], language: str
) -> Known:
    """Who is who in one person's rows. The others get their pseudonyms in the order in which they appear."""
    seen = _Seen()
    for store, reader in readers.items():
        for name, table in env.catalog.stores[store].tables.items():
            if name in reader.counts:
                _look(table, reader, name, footprint.identifiers, seen)
    if subject.person_name:
        seen.own.add(flat(subject.person_name))
    seen.own |= {name for name in seen.named if _completes(name, seen.own)}
    if subject.phone:
        seen.phones.add(digits(subject.phone))
    pseudonyms = Pseudonyms(env.policy, language)
    for key, (value, kind) in seen.third.items():
        if key not in seen.own:
            pseudonyms.give(value, kind)
    people = _people(view, seen)
    for person in seen.possible:
        if person in people:
            pseudonyms.give(person, people[person])
    seen.emails |= footprint.identifiers.get("email", frozenset()) | set(filter(None, [normal(subject.person_email)]))
    return Known(frozenset(seen.own), frozenset(seen.emails), frozenset(seen.phones), pseudonyms.given)


def _people(view: View, seen: _Seen) -> dict[str, Kind]:
    """The possible names that are somebody's: whole names that a store knows, or names with a first name it knows."""
    possible = set(seen.possible) - seen.own
    firsts = {name.split()[0] for name in seen.shortest}
    people: dict[str, Kind] = {}
    known_firsts: set[str] = set()

    def known_in(store: str) -> tuple[dict[str, Kind], frozenset[str]]:
        connection, targets = view.connections[store], view.targets(store)
        return known_names(connection, targets, possible), known_first_names(connection, targets, firsts)

    for names, first_names in together(view.connections, known_in).values():
        for person, kind in names.items():
            people.setdefault(person, kind)
        known_firsts |= first_names
    for person in seen.shortest:
        if person.split()[0] in known_firsts and person not in seen.own:
            people.setdefault(person, "other")
    return people


def redactors(
    env: Environment, readers: Mapping[str, Reader], who: Known, language: str
) -> dict[str, dict[TableName, Redactor]]:
    """A redactor for every collected table, by store and table."""
    return {
        store: {
            name: Redactor(env.catalog.stores[store].tables[name], reader.header(name), who, env.policy, language)
            for name in reader.counts
        }
        for store, reader in readers.items()
    }


def _look(
    table: Table, reader: Reader, name: TableName, identifiers: Mapping[str, frozenset[str]], seen: _Seen
) -> None:
    types = [sql_type for _, sql_type in reader.header(name).columns]
    columns = [(i, table.columns[column]) for i, (column, _) in enumerate(reader.header(name).columns)]
    for row in reader.rows(name):
        if table.person:
            seen.own |= set(_names(columns, row.values))
        elif _names_the_person(columns, row.values, identifiers):
            seen.named |= set(_names(columns, row.values))
        for i, spec in columns:
            value = row.values[i]
            if value is None or not value.strip():
                continue
            if spec.attribute == _FORMER_ROW:
                _look_back(value, seen)
            if spec.third_party:
                seen.third.setdefault(flat(value), (value, "staff" if spec.category == "staff" else "other"))
            elif spec.free_text:
                for text in texts_of(value, types[i]):
                    names = possible_names(text)
                    seen.possible |= dict.fromkeys(names.all)
                    seen.shortest |= dict.fromkeys(names.shortest)
            elif spec.attribute == _PHONE:
                seen.phones.add(digits(value))


def _names_the_person(
    columns: list[tuple[int, Column]], values: tuple[str | None, ...], identifiers: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a row holds identifiers of the person, and of nobody else."""
    held = [(spec.identifier, normal(values[i])) for i, spec in columns if spec.identifier]
    own = [value in identifiers.get(kind, frozenset()) for kind, value in held if value]
    return bool(own) and all(own)


def _completes(name: str, own: set[str]) -> bool:
    """Whether a name holds every word of a name that is the person's ('Leah Westerbeek' where a store has only
    'Westerbeek'); any does where none is known. Another name behind the person's address may be somebody else's.
    """
    return not own or any(set(known.split()) <= set(name.split()) for known in own)


def _look_back(value: str, seen: _Seen) -> None:
    """What the person was called and how they were reached, by a former row of theirs."""
    former = json.loads(value)
    if not isinstance(former, dict):
        return
    texts = {name: text for name, text in former.items() if isinstance(text, str) and text.strip()}
    seen.emails |= set(filter(None, [normal(texts.get(_EMAIL))]))
    seen.phones |= {digits(texts[_PHONE])} if _PHONE in texts else set()
    whole = " ".join(texts[part] for part in (_FIRST_NAME, _LAST_NAME) if part in texts)
    seen.own |= {flat(name) for name in (texts.get(_FULL_NAME), whole) if name}


def _names(columns: list[tuple[int, Column]], values: tuple[str | None, ...]) -> Iterator[str]:
    """The person's own full name as the row holds it, whole or in parts."""
    parts = {spec.attribute: values[i] for i, spec in columns if spec.attribute}
    if parts.get(_FULL_NAME):
        yield flat(parts[_FULL_NAME] or "")
    whole = " ".join(filter(None, [parts.get(_FIRST_NAME), parts.get(_LAST_NAME)]))
    if re.search(r"\w", whole):
        yield flat(whole)
