"""Airflow reads its home when it is first imported: a temporary one, so that tests leave nothing in anybody's own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_HOME = tempfile.mkdtemp(prefix="avgflow-airflow-home-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _HOME
os.environ.pop("AIRFLOW_CONFIG", None)
