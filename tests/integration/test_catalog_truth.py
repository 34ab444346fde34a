"""The links of the catalog lead to exactly the rows that are a person's in the demonstration world, none more or less.

The truth is written from the owners of invented rows and knows neither catalog nor SQL, so this is the linking rules
held against a second witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from avgflow.catalog import live
from avgflow.catalog.load import load
from avgflow.demo import load as demo
from avgflow.demo import truth
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.identity import Doubt, Footprint, Place, normal
from avgflow.settings import INCLUDE, engine
from avgflow.stores import selection
from avgflow.stores.resolve import Start, resolve, targets
from avgflow.stores.selection import AsArray, Target
from avgflow.stores.session import reading

WORLD = World(seed=11, subjects=150)

Rows = Mapping[str, list[tuple[str, ...]]]


class Stores:
    """Open views of the loaded stores, and what the catalog says of them."""

    def __init__(self, views: Mapping[str, Connection], places: Mapping[Place, Target]) -> None:
        self.views = views
        self.places = places

    def found(self, people: Mapping[str, Footprint]) -> dict[str, Rows]:
        """The keys of each person's rows, by table."""
        keys: dict[str, dict[str, list[tuple[str, ...]]]] = {person: defaultdict(list) for person in people}
        for (store, name), target in self.places.items():
            statement = selection.rows(target, people, AsArray(target.table.key))
            if statement is not None:
                for person, key in statement.on(self.views[store]):
                    keys[person][f"{store}.{name}"].append(tuple(key))
        return keys


@pytest.fixture(scope="module")
def subjects(pg: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stores, list[SubjectTruth]]]:
    catalog = load(INCLUDE / "catalog")
    dsns = {name: pg.create_database(f"truth_{name}", owner=name) for name in STORES}
    file: Path = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    demo.load(dsns, WORLD, file, lambda phase, done, total: None)
    engines = {name: engine(dsn) for name, dsn in dsns.items()}
    with ExitStack() as stack:
        views = {name: stack.enter_context(reading(opened, name)) for name, opened in engines.items()}
        types = {name: live.read(view).types for name, view in views.items()}
        yield Stores(views, targets(catalog, types)), list(truth.read_subjects(file))
    for name, opened in engines.items():
        opened.dispose()
        pg.drop_database(f"truth_{name}")


def differences(subject: SubjectTruth, found: Rows) -> Iterator[str]:
    """What is not as the truth says, a line a table."""
    for table in sorted({*subject.owned, *found}):
        owned = subject.owned.get(table)
        keys = found.get(table, [])
        if owned is not None and owned.keys is not None:
            wanted = sorted(tuple(str(part) for part in key) for key in owned.keys)
            if wanted != sorted(keys):
                yield f"{subject.id} {subject.traits} {table}: not the rows that are theirs"
        if (owned.rows if owned else 0) != len(keys):
            yield f"{subject.id} {subject.traits} {table}: {len(keys)} rows, theirs are {owned.rows if owned else 0}"


def theirs(doubt: Doubt, subject: SubjectTruth) -> frozenset[int]:
    """Whom a human would pick: whoever has the subject's contact number, or, without one, everybody with the e-mail."""
    number = normal(subject.identifiers.get("contact_number"))
    return frozenset(
        index
        for index, person in enumerate(doubt.candidates)
        if number is None or number in person.identifiers.get("contact_number", frozenset())
    )


def test_every_person_gets_exactly_their_rows(subjects: tuple[Stores, list[SubjectTruth]]) -> None:
    stores, people = subjects
    starts = {person.id: Start.given(person.identifiers) for person in people}
    first = resolve(stores.views, stores.places, starts)
    chosen = {
        person.id: starts[person.id].choosing(doubt.candidates, theirs(doubt, person))
        for person in people
        if isinstance(doubt := first[person.id], Doubt)
    }
    second = resolve(stores.views, stores.places, chosen)
    sure = {number: found for number, found in {**first, **second}.items() if isinstance(found, Footprint)}
    assert len(sure) == len(people) == WORLD.subjects
    keys = stores.found(sure)
    assert [line for person in people for line in differences(person, keys[person.id])] == []


def test_whoever_shares_a_mailbox_is_left_to_a_human(subjects: tuple[Stores, list[SubjectTruth]]) -> None:
    stores, people = subjects
    sharing = [person for person in people if person.ambiguous_email]
    assert sharing
    batch = {person.id: Start.given({"email": person.identifiers["email"]}) for person in sharing}
    assert all(isinstance(found, Doubt) for found in resolve(stores.views, stores.places, batch).values())
