"""Which processes are ours: by the mark, never by a name alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stack_world import layout

from avgflow.embedded.layout import COMPONENT_VARIABLE, STACK_VARIABLE, Layout
from avgflow.embedded.processes import component_of, end_all, end_component, living

HERE = layout()
ELSEWHERE = layout(Path("/srv/other"))


def test_the_mark_in_the_environment_makes_a_process_ours() -> None:
    assert component_of(HERE, {STACK_VARIABLE: HERE.mark, COMPONENT_VARIABLE: "scheduler"}, []) == "scheduler"
    assert component_of(HERE, {STACK_VARIABLE: HERE.mark}, ["sleep", "9"]) == ""


def test_the_same_program_of_another_stack_or_of_no_stack_is_not_ours() -> None:
    command = ["python", "-m", "airflow", "scheduler"]
    assert component_of(HERE, {STACK_VARIABLE: ELSEWHERE.mark}, command) is None
    assert component_of(HERE, {}, command) is None


def test_postgres_is_known_by_its_cluster_name_where_its_environment_is_gone() -> None:
    assert component_of(HERE, {}, [f"postgres: {HERE.cluster_name}: checkpointer "]) == "postgres"
    assert component_of(HERE, {}, [f"postgres: {ELSEWHERE.cluster_name}: checkpointer "]) is None
    assert component_of(HERE, {}, ["postgres: checkpointer "]) is None


def test_postgres_first_process_is_known_by_its_data_folder() -> None:
    assert component_of(HERE, {}, ["/x/bin/postgres", "-D", str(HERE.pgdata)]) == "postgres"
    assert component_of(HERE, {}, ["/x/bin/postgres", "-D", str(ELSEWHERE.pgdata)]) is None
    assert component_of(HERE, {}, ["/usr/bin/less", "-D", str(HERE.pgdata)]) is None


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(60)'],
                         start_new_session=True)
time.sleep(60)
"""


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[Layout]:
    """A stack whose only part ignores SIGTERM and has a child in a session of its own."""
    here = Layout.of(tmp_path)
    marked = {**os.environ, STACK_VARIABLE: here.mark, COMPONENT_VARIABLE: "api-server"}
    with subprocess.Popen([sys.executable, "-c", STUBBORN], env=marked, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        try:
            yield here
        finally:
            for found in living(here):
                found.process.kill()


def test_children_are_found_also_after_their_parent_was_killed(stubborn: Layout) -> None:
    parent, child = sorted(living(stubborn), key=lambda found: found.process.create_time())
    parent.process.kill()
    psutil.wait_procs([parent.process], timeout=5)
    assert [found.process.pid for found in living(stubborn)] == [child.process.pid]
    end_component(stubborn, "api-server")
    assert living(stubborn) == []


def test_what_does_not_heed_is_killed(stubborn: Layout) -> None:
    assert end_all(stubborn, polite_seconds=0.3) == []
    assert living(stubborn) == []
