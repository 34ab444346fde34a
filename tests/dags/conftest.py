"""The DAGs as Airflow's dag-processor reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from avgflow.embedded.layout import REPOSITORY

DAGS = REPOSITORY / "dags"


@pytest.fixture(scope="session")
def bag() -> DagBag:
    """Every DAG of this project. The folder is named from the repository: a bag of nowhere is empty and passes."""
    return DagBag(dag_folder=DAGS, bundle_path=DAGS)


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every DAG file."""
    return sorted(DAGS.glob("*.py"))
