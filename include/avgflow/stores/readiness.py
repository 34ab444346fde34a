"""Composing every statement that the tasks of a catalog can need, once, in the process from which they are forked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

from avgflow.catalog.models import Catalog
from avgflow.stores import changes, count, people, presence, resolve, selection
from avgflow.stores.selection import Form, Target
from avgflow.stores.survey import VIEWS


def compose(catalog: Catalog) -> None:
    """Compose them without a database.

    Tables with a column that is printed in a way of its own are not known before the live types are; their statements
    are composed by the task.
    """
    places = resolve.targets(catalog, {})
    leading = resolve.forms(places)
    for place, target in places.items():
        forms: list[Form] = [selection.delivered, *([leading[place]] if place in leading else [])]
        counted: list[Form] = [selection.record_class]
        if target.table.on_consent is not None:
            forms.append(selection.delivered_with_basis)
            counted.append(selection.class_with_basis)
        for reached in _reaches(target):
            for form in counted:
                count.composed_by(target, reached, form)
            for form in forms:
                selection.composed(target, reached, form)
        if target.table.subject:
            count.composed_afresh(target)
            _compose_erasure(target)
        for column in target.table.people:
            people.composed(target, column)


def _compose_erasure(target: Target) -> None:
    """What needs no foreign key of the live database, nor a column's live type."""
    if target.table.kind not in VIEWS:
        if target.table.key:
            changes.composed_delete(target)
            presence.composed_present(target)
        else:
            for reached in _reaches(target):
                for nth, position in enumerate(reached):
                    changes.composed_delete_alike(target, position, reached[:nth])
        if target.table.history:
            for position in (*range(len(selection.ways(target))), None):
                changes.composed_own(target, position)


def _reaches(target: Target) -> Iterator[tuple[int, ...]]:
    """The sets of ways by which rows of a table can be reached: by key alone, or by any of its links."""
    ways = selection.ways(target)
    links = [i for i, (_, link) in enumerate(ways) if link is not None]
    yield from ((i,) for i, (_, link) in enumerate(ways) if link is None)
    yield from chain.from_iterable(combinations(links, size) for size in range(1, len(links) + 1))
