"""Read by every part of Airflow at its start (from AIRFLOW_HOME/config).

Whose tasks go first is said here, for this is where Airflow asks. And tasks are forked from the scheduler's
LocalExecutor or from a Celery worker: what those have imported is there in every task at no cost; Great Expectations
alone takes three seconds to import. The DAG processor forks for every DAG file, and has what these import. The other
parts are spared it. So after a change of the library Airflow has to be started anew (`avgflow down`, `avgflow up`).
"""

import contextlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from typing import Any

_LIBRARIES = (
    "great_expectations",
    "pandas",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
    "typst",
    "pikepdf",
    "lxml.etree",
    "pyzipper",
    "Cryptodome.Cipher._mode_ctr",
    "holidays",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "airflow.providers.standard.operators.hitl",
    "airflow.providers.standard.decorators.python",
    # What Airflow itself imports in each worker at its first task, or in every task.
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.dag_processing.bundles.local",
    "airflow.version",
    "jinja2.ext",
)
# Parts of our own that no task needs.
_NOT_IN_TASKS = {"cli", "demo", "deployment", "embedded", "installing"}


def _runs_tasks(arguments: list[str]) -> bool:
    """Whether tasks are forked from this process; a scheduler that gives them out to workers runs none itself."""
    if arguments[1:2] == ["scheduler"]:
        from airflow.configuration import conf

        return "LocalExecutor" in conf.get("core", "executor")
    return arguments[1:3] == ["celery", "worker"]


def _modules(arguments: list[str]) -> Iterator[str]:
    """What is forked from this process needs: tasks all, the reading of DAG files what those import."""
    if _runs_tasks(arguments):
        yield from _LIBRARIES
        yield from _parts("avgflow")
        yield from _parts("avgflow_airflow")
    elif arguments[1:2] == ["dag-processor"]:
        yield from _parts("avgflow_airflow")


def _parts(package: str) -> Iterator[str]:
    """The modules of a package and of the packages directly in it; none where it is not there."""
    found = importlib.util.find_spec(package)
    for part in pkgutil.iter_modules(found.submodule_search_locations if found else [], f"{package}."):
        if part.name.removeprefix(f"{package}.") in _NOT_IN_TASKS:
            continue
        if not part.ispkg:
            yield part.name
        elif package == "avgflow":
            yield from _parts(part.name)


def task_instance_mutation_hook(task_instance: Any, dag_run: Any = None) -> None:
    """The nearest deadline goes first. Airflow calls this for every task of a run when it makes or clears it."""
    # Whose turn it is, is no reason to keep any run from being made, whatever is wrong here.
    with contextlib.suppress(Exception):
        from avgflow_airflow.priority import weight

        found = weight(dag_run.conf) if dag_run is not None else None
        if found is not None:
            task_instance.priority_weight = found


# No fault, in a setting, the catalog or anything else, may keep a part of Airflow from starting; a task that meets it
# says so itself.
for _module in _modules(sys.argv):
    with contextlib.suppress(Exception):
        importlib.import_module(_module)
if _runs_tasks(sys.argv):
    for _module, _make in (("avgflow.handling.readiness", "prepare"), ("avgflow_airflow.stores", "store_names")):
        with contextlib.suppress(Exception):
            getattr(importlib.import_module(_module), _make)()

__all__ = ("task_instance_mutation_hook",)
