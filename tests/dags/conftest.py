"""The DAGs as Airflow's dag-processor reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from avgflow.embedded.layout import REPOSITORY

DAGS = REPOSITORY / "dags"


@pytest.fixture(scope="session")
def patience() -> dict[str, str]:
    """Lets Airflow give up reading a file later than after 30 s: these tests give way to those of whole stacks."""
    return {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300"}


@pytest.fixture(scope="session")
def bag(patience: dict[str, str]) -> DagBag:
    """Every DAG of this project. The folder is named from the repository: a bag of nowhere is empty and passes."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in patience.items():
            patch.setenv(name, value)
        return DagBag(dag_folder=DAGS, bundle_path=DAGS)


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every DAG file."""
    return sorted(DAGS.glob("*.py"))
