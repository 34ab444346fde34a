"""The demonstration stores, loaded once per test process, and an office of its own for every test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from handling_world import SUBJECTS, Mailbox, Office, Open
from pydantic import SecretStr

from avgflow.demo import load as demo
from avgflow.demo import truth
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.handling.environment import Environment
from avgflow.settings import Settings

WORLD = World(seed=23, subjects=SUBJECTS)


@dataclass(frozen=True)
class Stores:
    """The loaded stores: `shared` ones that tests read, and templates that nobody is connected to, to be copied."""

    shared: Mapping[str, str]
    templates: Mapping[str, str]
    subjects: tuple[SubjectTruth, ...]


@pytest.fixture(scope="session")
def stores(pg: Any, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    templates = {name: f"handling_template_{name}" for name in STORES}
    file: Path = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    dsns = {name: pg.create_database(database, owner=name) for name, database in templates.items()}
    demo.load(dsns, WORLD, file, lambda phase, done, total: None)
    shared = {
        name: pg.create_database(f"handling_{name}", owner=name, template=database)
        for name, database in templates.items()
    }
    return Stores(shared, templates, tuple(truth.read_subjects(file)))


@pytest.fixture(scope="session")
def subjects(stores: Stores) -> tuple[SubjectTruth, ...]:
    """The truth about everybody in the stores."""
    return stores.subjects


@contextmanager
def _offices(register: Any, stores: Stores, under: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def office(**dsns: str) -> Office:
            folder = under / secrets.token_hex(4)
            settings = Settings(
                home=folder,
                register_dsn=SecretStr(register.app_dsn),
                register_keys=SecretStr(register.register_key),
                hash_key=SecretStr(register.hash_key),
            )
            folder.mkdir()
            mailbox = Mailbox(folder / "mailbox")
            mailbox.start()
            stack.callback(mailbox.stop)
            reached = {**stores.shared, **dsns}
            env = Environment(settings, lambda connection: reached[connection.removeprefix("store_")])
            stack.callback(env.dispose)
            return Office(env, mailbox, reached)

        yield office


@contextmanager
def _copies(pg: Any, stores: Stores) -> Iterator[Mapping[str, str]]:
    mark = secrets.token_hex(4)
    made = {name: f"handling_{mark}_{name}" for name in STORES}
    yield {
        name: pg.create_database(database, owner=name, template=stores.templates[name])
        for name, database in made.items()
    }
    for database in made.values():
        pg.drop_database(database)


@pytest.fixture
def open_office(register: Any, stores: Stores, tmp_path: Path) -> Iterator[Open]:
    with _offices(register, stores, tmp_path) as open_:
        yield open_


@pytest.fixture
def office(open_office: Open) -> Office:
    """An installation on the shared stores, with a register and mailbox of its own. Change no row of a store in it."""
    return open_office()


@pytest.fixture
def own_stores(pg: Any, stores: Stores, open_office: Open) -> Iterator[Office]:
    """An installation whose stores a test may change: copies of its own, dropped after it."""
    with _copies(pg, stores) as dsns:
        office = open_office(**dsns)
        yield office
        office.env.dispose()


@pytest.fixture(scope="module")
def stores_of_module(
    pg: Any, stores: Stores, register_of_module: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """An installation for all tests of a file, where one of them makes what the others only look at."""
    with (
        _copies(pg, stores) as dsns,
        _offices(register_of_module, stores, tmp_path_factory.mktemp("office")) as open_,
    ):
        office = open_(**dsns)
        yield office
        office.env.dispose()
