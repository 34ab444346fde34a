"""One stack with invented people in its stores, and Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_world import Visitor, come_in, launched, log_in
from homes import a_home
from playwright.sync_api import Browser, StorageState, sync_playwright

from avgflow.cli.stack import start
from avgflow.demo import load as demo
from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.embedded import airflow_environment
from avgflow.embedded import stack as stack_of_avgflow
from avgflow.embedded.stack import Status

HERE = Path(__file__).parent
WORLD = World(seed=29, subjects=150)

LogIn = Callable[..., Visitor]

SHOTS = os.environ.get("AVGFLOW_SHOTS")
"""Read now: the stack's environment is its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("pictures") is None:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = launched(playwright)
        yield made
        made.close()


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Status, tuple[SubjectTruth, ...]]]:
    file = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    with pytest.MonkeyPatch.context() as patch, a_home("avgflow-browser-"):
        for name in [name for name in os.environ if name.startswith(("AVGFLOW_", "AIRFLOW_CONN_"))]:
            if name != "AVGFLOW_HOME":
                patch.delenv(name)
        # Other tests may be at work on the same machine.
        patch.setattr(stack_of_avgflow, "SECONDS_TO_HEALTH", 900.0)
        patch.setattr(airflow_environment, "LOOKS_FOR_WORK", 0.5)
        status = start(lambda line: None)
        demo.load(status.as_json()["stores"], WORLD, file, lambda phase, done, total: None)
        yield status, tuple(truth.read_subjects(file))


@pytest.fixture(scope="session")
def stack(loaded: tuple[Status, tuple[SubjectTruth, ...]]) -> Status:
    return loaded[0]


@pytest.fixture(scope="session")
def people(loaded: tuple[Status, tuple[SubjectTruth, ...]]) -> list[SubjectTruth]:
    """Those with nothing awkward about them."""
    return [one for one in loaded[1] if not one.traits]


@pytest.fixture(scope="session")
def kept() -> dict[str, StorageState]:
    """What the browsers of those who have logged in keep of it. To log in takes Airflow's whole page."""
    return {}


@pytest.fixture
def as_(browser: Browser, stack: Status, kept: dict[str, StorageState]) -> Iterator[LogIn]:
    """The browser of a user of the stack; `viewport` and `color_scheme` as Playwright has them."""
    opened: list[Visitor] = []
    where = stack.as_json()
    url = where["airflow"]["url"]

    def made(login: str, **look: object) -> Visitor:
        if login not in kept:
            kept[login] = log_in(browser, url, login, where["users"][login])
        opened.append(come_in(browser, url, kept[login], **look))
        return opened[-1]

    yield made
    for visitor in opened:
        visitor.context.close()


@pytest.fixture(scope="session")
def shots() -> Path | None:
    """Where screenshots are kept, where somebody wants to look at them (AVGFLOW_SHOTS)."""
    if SHOTS is None:
        return None
    folder = Path(SHOTS)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
