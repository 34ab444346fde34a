"""What is imported before tasks are forked, and by whom."""

from __future__ import annotations

import json
import os
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
    # Airflow puts the folder of plugins on the path before it reads this.
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "plugins")}
    shown = subprocess.run(command, cwd=REPOSITORY / "config", env=environment, check=True, capture_output=True).stdout
    return set(json.loads(shown))


@pytest.mark.parametrize("command", [["api-server"], ["triggerer"], ["celery", "flower"], ["db", "migrate"], []])
def test_parts_that_run_no_tasks_are_spared(command: list[str]) -> None:
    assert not imported_by(*command) & {"great_expectations", "pandas", "avgflow"}


def test_what_runs_tasks_has_the_heavy_modules_and_our_own_but_not_the_stack() -> None:
    modules = imported_by("celery", "worker")
    assert modules >= {"great_expectations", "pandas", "typst", "pikepdf", "avgflow.handling.validating"}
    assert not {name for name in modules if name.startswith(("avgflow.embedded", "avgflow.cli", "avgflow.demo"))}


def test_what_reads_dag_files_has_what_those_import_and_nothing_heavy() -> None:
    modules = imported_by("dag-processor")
    assert modules >= {"avgflow_airflow.tasks", "avgflow_airflow.sweep_tasks", "avgflow_airflow.housekeeping_tasks"}
    assert not modules & {"great_expectations", "pandas", "fastapi", "typst"}
