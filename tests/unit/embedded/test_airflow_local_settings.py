"""What is imported before tasks are forked, and by whom."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from avgflow.embedded.layout import REPOSITORY

PROGRAM = """
import json, sys
sys.argv = ["airflow", *sys.argv[1:]]
import airflow_local_settings
print(json.dumps(sorted(sys.modules)))
"""


def imported_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    shown = subprocess.run(command, cwd=REPOSITORY / "config", check=True, capture_output=True).stdout
    return set(json.loads(shown))


@pytest.mark.parametrize("command", [["api-server"], ["dag-processor"], ["celery", "flower"], ["db", "migrate"], []])
def test_parts_that_run_no_tasks_are_spared(command: list[str]) -> None:
    assert not imported_by(*command) & {"great_expectations", "pandas", "avgflow"}


def test_what_runs_tasks_has_the_heavy_modules_and_our_own_but_not_the_stack() -> None:
    modules = imported_by("celery", "worker")
    assert modules >= {"great_expectations", "pandas", "typst", "pikepdf", "avgflow.handling.validating"}
    assert not {name for name in modules if name.startswith(("avgflow.embedded", "avgflow.cli", "avgflow.demo"))}
