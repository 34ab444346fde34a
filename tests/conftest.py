"""What every test stands on: a home for Airflow, and real services for those that ask for them."""

from __future__ import annotations

import atexit
import functools
import gc
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import typer.main
import typer.testing
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

MEMORY = Path("/dev/shm")
ROOM = 4 << 30


def _in_memory() -> bool:
    """Whether the machine keeps a folder in memory that tests can use: with room, and from which programs start."""
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return False
    there = os.statvfs(MEMORY)
    return there.f_bavail * there.f_frsize >= ROOM and not there.f_flag & os.ST_NOEXEC


GIVES_WAY = 15
"""The niceness of tests that run beside those of a whole stack."""

# Databases are made and dropped by the thousand. On a disk a third of the processor's time goes into their files.
if "TMPDIR" not in os.environ and _in_memory():
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# Airflow reads its home when it is first imported: a temporary one, so that tests leave nothing in anybody's own.
_HOME = tempfile.mkdtemp(prefix="avgflow-airflow-home-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["AIRFLOW_HOME"] = _HOME
os.environ.pop("AIRFLOW_CONFIG", None)

# In a module of its own, because tests import its classes and `conftest` is the name of many files.
pytest_plugins = ["real_postgres"]

# Typer makes the tree of all commands anew for each call, which takes longer than most commands.
typer.main.get_command = functools.cache(typer.main.get_command)
typer.testing._get_command = typer.main.get_command

# How long an example takes says something of the machine, not of the code.
settings.register_profile("avgflow", deadline=None)
settings.load_profile("avgflow")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage less often: Airflow and Great Expectations are a million objects that never go.

    A tenth of the tests' processor time went into looking through them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 200)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Of several workers, let those give way that run no Airflow: the longer one is up, the more it costs at rest."""
    if "PYTEST_XDIST_WORKER" in os.environ and item.get_closest_marker("system") is None:
        os.setpriority(os.PRIO_PROCESS, 0, GIVES_WAY)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each kind of tests took, where there are several: they run beside each other."""
    seconds, tests = Counter[str](), Counter[str]()
    for found in terminalreporter.stats.values():
        for report in found:
            if isinstance(report, pytest.TestReport):
                kind = report.nodeid.split("/")[1] if report.nodeid.startswith("tests/") else report.nodeid
                seconds[kind] += report.duration
                tests[kind] += report.when == "call"
    if len(seconds) > 1:
        terminalreporter.section("seconds by kind, of all workers together")
        for kind, took in seconds.most_common():
            terminalreporter.write_line(f"{took:7.0f} s  {tests[kind]:5d} tests  {kind}")


class WholeFiles(LoadScopeScheduling):
    """With several workers each takes whole files, so that what a file sets up is set up once; one takes all of the
    system tests, which share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/system" if file.startswith("tests/system/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    # Not `--dist loadgroup`: xdist 3.8 marks groups in a way that pytest 9.2 does not see.
    return WholeFiles(config, log)
