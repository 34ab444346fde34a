"""One running stack for all system tests, and the order that lets the scan of it see all, and the kills come after."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from canary_people import Canary, plant
from desk import Desk, eventually
from homes import a_home

from avgflow.cli.stack import start
from avgflow.demo import load as demo
from avgflow.demo import truth
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.embedded import airflow_environment
from avgflow.register.requests import Status
from avgflow.settings import Settings

HERE = Path(__file__).parent

ORDER = (
    "test_request_way",
    "test_request_input",
    "test_request_questions",
    "test_request_faults",
    "test_erasure_way",  # of people whose access requests have ended
    "test_procedure_way",
    "test_deadline_way",
    "test_audit_trail",
    "test_sweep_way",  # takes rows of everybody whose requests have ended
    "test_restore_way",  # puts the register back to what it was a minute before
    "test_no_personal_data",  # looks at what all of these left behind
    "test_stack",  # kills every part of it
)

BEFORE_THE_SWEEP = ORDER.index("test_sweep_way") - 0.5
"""Where those come that are not on the list."""

WORLD = World(seed=11, subjects=300)

WORDS = (
    "Aalbes Braambes Citroen Dadelpit Egelantier Framboos Guavepit Hazelnoot Iepenloof Juttepeer Kweepeer "
    "Lijsterbes Moerbei"
)
CANARIES: Mapping[str, Canary] = {word.lower(): Canary(word, n) for n, word in enumerate(WORDS.split())}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """System tests are in the order above, and all in one process, which begins with them: they wait a good deal, while
    another works through the rest."""
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    ours.sort(key=lambda item: ORDER.index(item.path.stem) if item.path.stem in ORDER else BEFORE_THE_SWEEP)
    for item in ours:
        item.add_marker(pytest.mark.system)
    items[:] = ours + [item for item in items if not item.path.is_relative_to(HERE)]


@pytest.fixture(scope="session")
def truth_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("truth") / "truth.jsonl"


@pytest.fixture(scope="session")
def desk(truth_file: Path) -> Iterator[Desk]:
    """The stack, up, with three hundred people in its stores, and the canaries among them.

    A fault that may pass is tried again twice, after a second; who waits for another request looks again each second.
    Whatever its processes leave in their temporary folder is left in the home, where the scan finds it. Its policy is a
    copy, which a test may change. Its path has blanks, as people's folders do.
    """
    with pytest.MonkeyPatch.context() as patch, a_home("avgflow system ") as home:
        for name in [name for name in os.environ if name.startswith(("AVGFLOW_", "AIRFLOW_CONN_"))]:
            if name != "AVGFLOW_HOME":
                patch.delenv(name)
        own_policy = home / "policy.yaml"
        shutil.copyfile(Settings().policy, own_policy)
        own_policy.chmod(0o644)
        patch.setenv("AVGFLOW_POLICY", str(own_policy))
        patch.setattr(airflow_environment, "LOOKS_FOR_WORK", 0.5)  # other stacks share the machine
        temporary = home / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        with pytest.MonkeyPatch.context() as starting:
            starting.setenv("TMPDIR", str(temporary))
            starting.setenv("AVGFLOW_RETRIES", "2")
            starting.setenv("AVGFLOW_RETRY_SECONDS", "1")
            starting.setenv("AVGFLOW_QUEUE_SECONDS", "1")
            found = Desk(start(lambda line: None))
        demo.load(found.where["stores"], WORLD, truth_file, lambda phase, done, total: None)
        with ExitStack() as open_:
            stores = {name: open_.enter_context(found.store(name)) for name in STORES}
            for one in CANARIES.values():
                plant(stores, one)
        yield found


@pytest.fixture(scope="session")
def subjects(desk: Desk, truth_file: Path) -> tuple[SubjectTruth, ...]:
    """The truth about the three hundred."""
    return tuple(truth.read_subjects(truth_file))


@pytest.fixture(scope="session")
def canaries() -> Mapping[str, Canary]:
    return CANARIES


@pytest.fixture(scope="session")
def first_day(desk: Desk, subjects: tuple[SubjectTruth, ...]) -> Mapping[str, str]:
    """Requests that all come in at once, by what is special about them."""

    def of(part: int, **given: str) -> str:
        """By somebody of the demonstration world, with all identifiers that lead to their rows."""
        own = dict(subjects[part].identifiers)
        fields = {kind: own.pop(kind) for kind in ("email", "customer_number") if kind in own}
        others = [f"{kind}={value}" for kind, value in own.items()]
        return desk.ask(**fields, name=subjects[part].name, identifier=others, **given)

    def by(canary: str, **given: str) -> str:
        one = CANARIES[canary]
        return desk.ask(**{"email": one.email, "name": one.name, "phone": one.phone, **given})

    return {
        "sole proprietor": of(0, verified_by="portal-login"),
        "contact person": of(1, verified_by="known-email"),
        "visitor": of(2, verified_by="known-email", language="en"),
        "portal account": of(3, verified_by="portal-login"),
        "odd values": of(14, verified_by="in-person"),
        "very much": of(15, verified_by="phone-callback"),
        "canary": by("aalbes", verified_by="in-person", customer_number=CANARIES["aalbes"].customer_number),
        "nobody": desk.ask(email="niemand.hier@example.nl", name="Nemo Niemand", verified_by="in-person"),
        "unverified": by("braambes"),
        "to be stopped": by("citroen"),
        "shared mailbox": desk.ask(email=subjects[4].identifiers["email"], verified_by="known-email"),
        "other address": by(
            "dadelpit",
            email="dadelpitknarsen.anders@dadelpit-kwetterhof.nl",
            customer_number=CANARIES["dadelpit"].customer_number,
            verified_by="known-email",
        ),
    }


@pytest.fixture(scope="session")
def settled(desk: Desk, first_day: Mapping[str, str]) -> None:
    """Nothing is at work any more: every request has ended or waits for a human."""
    for number in first_day.values():
        eventually(partial(_rests, desk, number), 300, f"the end of {number}")


def _rests(desk: Desk, number: str) -> bool:
    return desk.request(number).status not in (Status.REGISTERED, Status.RUNNING)
