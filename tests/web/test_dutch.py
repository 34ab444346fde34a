"""What a page refuses is said in Dutch on a Dutch page; of a form at the field that it is about."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections import Counter

import pytest
from reaching import reached

import avgflow_airflow.web.app  # noqa: F401 - so that every fault is known
from avgflow.errors import AvgflowError, StoreBusy, ToldTwice
from avgflow.fields import IntakeRefused, InvalidText
from avgflow.roles import FAB_ROLES, Role, of_fab
from avgflow_airflow.web.dutch import DUTCH
from avgflow_airflow.web.faults import refused


def kinds(of: type[AvgflowError]) -> list[type[AvgflowError]]:
    return [one for each in of.__subclasses__() for one in (each, *kinds(each))]


NAMED = """
import avgflow_airflow.web.app
from avgflow.errors import AvgflowError

def kinds(of):
    for each in of.__subclasses__():
        yield each
        yield from kinds(each)

print("\\n".join(sorted({f"{kind.__module__}.{kind.__qualname__}" for kind in kinds(AvgflowError)})))
"""
"""In a process of its own: here other tests have imported what no page knows (tasks, commands, deployment)."""


def known_to_the_page() -> frozenset[str]:
    done = subprocess.run([sys.executable, "-c", NAMED], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return frozenset(done.stdout.split())


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
KNOWN = known_to_the_page()
KINDS = {name: kind for kind in kinds(AvgflowError) if (name := f"{kind.__module__}.{kind.__qualname__}") in KNOWN}
REACHING = [KINDS[name] for name in sorted(reached(KINDS))]


def is_root(kind: type[AvgflowError]) -> bool:
    """Whether a kind only gathers others, and is never raised itself."""
    return bool(kind.__subclasses__()) and "__init__" not in vars(kind)


def speaks_dutch(kind: type[AvgflowError]) -> bool:
    """Whether each fault of a kind brings its own line in Dutch."""
    own = kind.__init__
    return issubclass(kind, ToldTwice) or (inspect.isfunction(own) and "self.nl = " in inspect.getsource(own))


def test_the_walk_finds_what_a_route_calls_far_away_and_not_what_none_does() -> None:
    names = {kind.__name__ for kind in REACHING}
    # Named by a route, by a function that one calls, by a store's driver three modules on, and by a method.
    assert names >= {"NoSuchDay", "NotWaiting", "StoreUnreachable", "WrongCode", "ReasonRefused", "NotComplete"}
    # Of tasks alone, and of programs.
    assert not names & {"NotTold", "NotLifted", "CheckFailed", "KeyUsed"}


@pytest.mark.parametrize("kind", REACHING, ids=lambda kind: kind.__name__)
def test_every_fault_that_can_reach_the_page_has_dutch(kind: type[AvgflowError]) -> None:
    assert is_root(kind) or speaks_dutch(kind) or kind.__name__ in DUTCH


def test_one_name_is_one_fault() -> None:
    counted = Counter(kind.__name__ for kind in REACHING if kind.__name__ in DUTCH)
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("kind", kinds(IntakeRefused), ids=lambda kind: kind.__name__)
def test_every_refusal_of_an_intake_names_its_field(kind: type[IntakeRefused]) -> None:
    if kind is not InvalidText:  # which names its own field, of many
        assert DUTCH[kind.__name__][1]


def test_dutch_lines_are_sentences() -> None:
    for dutch, _field in DUTCH.values():
        assert dutch[0].isupper()
        assert dutch.endswith((".", ". ({text})"))
        assert "  " not in dutch


def test_no_dutch_line_is_of_a_fault_that_is_not_there() -> None:
    assert set(DUTCH) <= {kind.__name__ for kind in KINDS.values()}


def test_a_line_names_the_store() -> None:
    said = refused(StoreBusy("orders", "55P03"))
    assert said.nl == "Het systeem 'orders' is druk. Er is niets veranderd. Probeer het straks opnieuw."
    assert not said.only_english


def test_roles_of_the_fab_auth_manager_are_known_by_name() -> None:
    assert of_fab(["AVG auditor", "Viewer"]) == {Role.AUDITOR}
    assert of_fab(["Viewer", "User", "Op", "Public"]) == frozenset()
    assert set(FAB_ROLES.values()) == set(Role)
