"""Read by every part of Airflow at its start (from AIRFLOW_HOME/config).

Tasks are forked from the scheduler's LocalExecutor or from a Celery worker. What those have imported is there in
every task at no cost; Great Expectations alone takes three seconds to import. The other parts are spared it.
"""

import contextlib
import importlib
import sys

HEAVY = (
    "great_expectations",
    "pandas",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
    "typst",
    "pikepdf",
    "pyzipper",
    "holidays",
    "jinja2",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.providers.smtp.hooks.smtp",
    "airflow.providers.standard.operators.hitl",
    "airflow.providers.standard.decorators.python",
    "avgflow.register",
    "avgflow.stores",
    "avgflow.completeness",
    "avgflow.dossier",
    "avgflow.letters",
)


def _runs_tasks(arguments: list[str]) -> bool:
    return arguments[1:2] == ["scheduler"] or arguments[1:3] == ["celery", "worker"]


if _runs_tasks(sys.argv):
    for _module in HEAVY:
        # A task that needs a missing module says so itself.
        with contextlib.suppress(ImportError):
            importlib.import_module(_module)

__all__: tuple[str, ...] = ()
