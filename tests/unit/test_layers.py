"""Dependencies point one way: DAGs use what they share with Airflow, that uses the library, and the library neither."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from avgflow.embedded.layout import REPOSITORY

LIBRARY = REPOSITORY / "include" / "avgflow"
SHARED = REPOSITORY / "plugins" / "avgflow_airflow"
DAGS = REPOSITORY / "dags"

PURE = (
    "addresses.py",
    "capacity.py",
    "catalog/links.py",
    "catalog/marks.py",
    "catalog/models.py",
    "catalog/termed.py",
    "identity.py",
    "plan.py",
    "policy/models.py",
    "policy/periods.py",
    "policy/reasons.py",
    "policy/recipients.py",
    "policy/retention.py",
    "policy/statements.py",
    "policy/who_may_ask.py",
    "sweep/caps.py",
    "sweep/figures.py",
    "sweep/rules.py",
    "terms.py",
)
"""What decides: functions of what they are given, and of nothing else."""
OUTSIDE = {"avgflow.register", "avgflow.stores", "avgflow.handling", "avgflow.cli", "psycopg", "sqlalchemy", "httpx"}

STEPS = ("handling", "register", "stores", "completeness", "dossier", "catalog", "policy")
ABOVE = {"avgflow.cli", "avgflow.demo", "avgflow.deployment", "avgflow.embedded", "typer", "rich"}


def imported(file: Path) -> set[str]:
    """Every module that a file imports, in functions and for types too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file} imports by a relative name"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def within(modules: set[str], *packages: str) -> set[str]:
    return {name for name in modules if any(f"{name}.".startswith(f"{package}.") for package in packages)}


def python(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        files = sorted(folder.rglob("*.py"))
        assert files, folder
        yield from files


def test_the_library_knows_nothing_of_airflow() -> None:
    for file in python(LIBRARY):
        assert within(imported(file), "airflow", "avgflow_airflow", "airflow_client") == set(), file


def test_what_is_shared_with_airflow_knows_no_dag() -> None:
    dags = {file.stem for file in python(DAGS)}
    for file in python(SHARED):
        assert within(imported(file), "dags", *dags) == set(), file


def test_a_dag_reaches_the_library_through_what_is_shared() -> None:
    for file in python(DAGS):
        modules = imported(file)
        assert within(modules, "avgflow") == set(), file
        assert within(modules, "avgflow_airflow"), file


def test_the_steps_know_neither_the_command_line_nor_the_demonstration() -> None:
    for file in python(*(LIBRARY / part for part in STEPS)):
        assert within(imported(file), *ABOVE) == set(), file


@pytest.mark.parametrize("part", PURE)
def test_what_decides_reaches_for_nothing(part: str) -> None:
    assert within(imported(LIBRARY / part), *OUTSIDE) == set()


def test_no_module_is_a_heap() -> None:
    heaps = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
    for file in python(LIBRARY, SHARED, DAGS):
        assert file.stem not in heaps, file
        assert file.parent.name not in heaps, file
