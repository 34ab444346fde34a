"""Showing a privacy officer who an ambiguous request may be about: personal data, so each showing is put on record."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from avgflow.handling.environment import Environment, View
from avgflow.handling.waiting import ChoiceRefused
from avgflow.identity import Candidate, Footprint
from avgflow.register import events, identities
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.stores import selection

SHOWN = ("full_name", "first_name", "last_name", "company_name", "email", "contact_number", "customer_number", "city")
"""The attributes (semantic names of the catalog) by which an officer tells people apart."""


def show(env: Environment, number: str, actor: str) -> list[str]:
    """A line per row of each candidate, as the stores have it now: '1  crm.public.contact  full_name: …'."""
    with transaction(env.register) as register:
        people = identities.candidates(register, env.keyring, number)
        events.append(register, env.keyring, EventName.CANDIDATES_SHOWN, number, actor, {"candidates": len(people)})
    if not people:
        return []
    with env.view() as view:
        return [line for index, person in enumerate(people, 1) for line in _lines(view, index, person)]


def check(env: Environment, number: str, picked: Sequence[int]) -> None:
    """`ChoiceRefused` unless one or more of the candidates are picked, and nobody else."""
    with transaction(env.register) as register:
        require_picked(number, identities.candidates(register, env.keyring, number), picked)


def require_picked(number: str, people: Sequence[Candidate], picked: Collection[int]) -> None:
    """The same of candidates that are at hand."""
    if not people:
        raise ChoiceRefused(f"{number} has no choice of persons to make.", "Bij dit verzoek is geen persoon te kiezen.")
    if not picked or not set(picked) <= set(range(1, len(people) + 1)):
        raise ChoiceRefused(
            f"Choose one or more of the persons 1 to {len(people)} of {number}; "
            f"`avgflow request show {number} --candidates` lists them.",
            f"Kies uit de personen 1 tot en met {len(people)}. Bekijk eerst wie het kunnen zijn.",
        )


def _lines(view: View, index: int, person: Candidate) -> list[str]:
    found = []
    for store, table in sorted({(row.store, row.table) for row in person.rows}):
        keys = frozenset(row.key for row in person.rows if (row.store, row.table) == (store, table))
        target = view.places[store, table]
        columns = [
            (spec.attribute or "", name) for name, spec in target.table.columns.items() if spec.attribute in SHOWN
        ]
        statement = selection.rows(
            target,
            {"": Footprint(chosen={(store, table): keys})},
            selection.AsArray(tuple(name for _, name in columns)),
        )
        if statement is None:
            continue
        for _, values in statement.on(view.connections[store]):
            shown = (f"{attribute}: {v}" for (attribute, _), v in zip(columns, values, strict=True) if v)
            found.append(f"{index}  {store}.{table}  {', '.join(shown)}")
    return found
