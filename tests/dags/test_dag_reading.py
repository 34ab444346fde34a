"""Reading the DAGs is done over and over by the dag-processor, so it must be cheap, and load nothing twice."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from textwrap import dedent

import pytest
from airflow.dag_processing.dagbag import DagBag

from avgflow.embedded.layout import REPOSITORY

HEAVY = ("great_expectations", "pandas", "numpy", "typst", "pikepdf", "pyzipper", "holidays", "faker")

READ = f"""
    import json, sys, time
    from airflow.dag_processing.dagbag import DagBag
    from airflow.plugins_manager import ensure_plugins_loaded, get_plugin_info
    before = set(sys.modules)
    bag = DagBag(dag_folder={str(REPOSITORY / "dags")!r}, bundle_path={str(REPOSITORY / "dags")!r})
    print(json.dumps({{"dags": sorted(bag.dags), "errors": bag.import_errors, "modules": sorted(sys.modules)}}))
"""

PLUGINS = """
    import json, sys
    from airflow import plugins_manager
    plugins_manager.ensure_plugins_loaded()
    import avgflow_airflow.tasks, avgflow_airflow.asking
    files = {}
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if "/plugins/" in file and "avgflow" in file:
            files.setdefault(file, []).append(name)
    plugins = [plugin["name"] for plugin in plugins_manager.get_plugin_info()]
    print(json.dumps({"files": files, "errors": plugins_manager.get_import_errors(), "plugins": plugins}))
"""

SAME_SHAPE = """
    from airflow.sdk import DAG, Param, chain, task

    @task
    def step(): ...

    @task
    def store(name): ...

    with DAG(dag_id="same_shape", schedule=None, params={"request": Param(type="string", pattern="^AVG-")}):
        chain(
            step.override(task_id="identify")(),
            step.override(task_id="plan")(),
            [store.override(task_id=name)(name) for name in ("accounts", "crm", "marketing", "orders")],
            step.override(task_id="validate")(),
            step.override(task_id="answer")(),
            step.override(task_id="close")(),
        )
"""


def python(program: str, environment: dict[str, str]) -> dict[str, object]:
    """What a fresh Python says, as the last line, in JSON."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def environment(tmp_path: Path, patience: dict[str, str]) -> dict[str, str]:
    """As the stack gives it to Airflow's parts."""
    return {
        "PATH": "",
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        **patience,
    }


def test_reading_a_dag_loads_nothing_heavy(environment: dict[str, str]) -> None:
    found = python(READ, environment)
    assert found["dags"]
    assert found["errors"] == {}
    modules = found["modules"]
    assert isinstance(modules, list)
    assert "avgflow.handling.validating" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_the_plugin_is_loaded_once(environment: dict[str, str]) -> None:
    """Airflow runs each .py below plugins/ as a module named by its stem, unless .airflowignore says otherwise."""
    found = python(PLUGINS, environment)
    assert found["errors"] == {}
    assert found["plugins"] == ["avgflow"]
    files = found["files"]
    assert isinstance(files, dict)
    assert {Path(file).name for file in files} >= {"avgflow_plugin.py", "tasks.py", "asking.py", "running.py"}
    assert {file: names for file, names in files.items() if len(names) > 1} == {}
    ours = [names[0] for file, names in files.items() if "avgflow_airflow/" in file]
    assert all(name.startswith("avgflow_airflow") for name in ours)


def test_reading_a_dag_takes_little_more_than_one_of_the_same_shape_that_does_nothing(
    bag: DagBag, files: list[Path], tmp_path: Path
) -> None:
    """A ratio, so that a slow machine does not fail it. The modules are loaded by then, as in the dag-processor."""
    empty = tmp_path / "same_shape.py"
    empty.write_text(dedent(SAME_SHAPE))
    assert bag.dags

    def seconds(file: Path) -> float:
        began = time.perf_counter()
        read = DagBag(dag_folder=file, bundle_path=file.parent)
        took = time.perf_counter() - began
        assert read.import_errors == {}
        assert len(read.dags) == 1
        return took

    for file in files:
        pairs = [(seconds(file), seconds(empty)) for _ in range(7)]
        assert median(ours / theirs for ours, theirs in pairs) < 4, file.name


def test_every_hook_to_a_store_keeps_its_statements_out_of_the_log() -> None:
    """`DbApiHook` logs each statement with its parameters unless it is told not to."""
    hooks = 0
    for folder in ("dags", "plugins", "include"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func).endswith(("PostgresHook", "DbApiHook")):
                    hooks += 1
                    given = {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg == "log_sql"}
                    assert given == {"log_sql": False}, f"{file}:{node.lineno}"
    assert hooks


def _name(function: ast.expr) -> str:
    return ast.unparse(function)
