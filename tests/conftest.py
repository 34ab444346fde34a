"""What every test stands on: a home for Airflow, and real services for those that ask for them."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# Airflow reads its home when it is first imported: a temporary one, so that tests leave nothing in anybody's own.
_HOME = tempfile.mkdtemp(prefix="avgflow-airflow-home-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _HOME
os.environ.pop("AIRFLOW_CONFIG", None)

# In a module of its own, because tests import its classes and `conftest` is the name of many files.
pytest_plugins = ["real_postgres"]

# How long an example takes says something of the machine, not of the code.
settings.register_profile("avgflow", deadline=None)
settings.load_profile("avgflow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers each takes whole files, so that what a file sets up is set up once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(Path(item.path).stem))
