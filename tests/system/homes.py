"""Homes for stacks under test: gone when the test process is, however that ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WATCH = """
import shutil, sys
sys.stdin.read()
from avgflow.embedded import stack
stack.down()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""Waits for the end of its input, which comes with the end of the process at the other side."""


@contextmanager
def a_home(prefix: str) -> Iterator[Path]:
    """A folder for a stack that is set as `AVGFLOW_HOME` meanwhile.

    Its processes end with this block and, if this process is killed, soon after. It is not in pytest's own folder:
    each new pytest closes that to other users, and PostgreSQL is one when we are root.
    """
    from avgflow.embedded import stack

    home = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    before = os.environ.get("AVGFLOW_HOME")
    os.environ["AVGFLOW_HOME"] = str(home)
    watch = subprocess.Popen(
        [sys.executable, "-c", WATCH, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield home
    finally:
        stack.down()
        watch.kill()
        watch.wait()
        shutil.rmtree(home, ignore_errors=True)
        os.environ.pop("AVGFLOW_HOME")
        if before is not None:
            os.environ["AVGFLOW_HOME"] = before
