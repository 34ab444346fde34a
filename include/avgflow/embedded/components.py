"""The parts of the stack, in the order in which they start."""

from __future__ import annotations

import sys

from avgflow.embedded import postgres
from avgflow.embedded.layout import Layout
from avgflow.embedded.postgres import Programs
from avgflow.embedded.state import Ports, StackState
from avgflow.embedded.supervision import Program

SERVICES = ("postgres", "mailbox")
AIRFLOW = ("api-server", "dag-processor", "scheduler", "triggerer")
COMPONENTS = (*SERVICES, *AIRFLOW)


def programs(layout: Layout, found: Programs, state: StackState) -> list[Program]:
    """What the supervisor runs."""
    python = [sys.executable, "-m"]
    mailbox = [*python, "avgflow.embedded.mailbox", str(layout.mailbox), str(state.ports.mailbox)]
    airflow = [*python, "avgflow.embedded.launch"]
    return [
        Program(
            "postgres",
            postgres.command(layout, found),
            order=1,
            user=found.system_user,
            # 'Fast shutdown', which only PostgreSQL's first process may be asked for.
            stop_signal="INT",
            whole_group=False,
            stop_seconds=15,
            starts_with_supervisor=True,
        ),
        Program("mailbox", mailbox, order=2, starts_with_supervisor=True),
        Program("api-server", [*airflow, "api-server"], order=10),
        # Without their log servers, which would listen on every address: the files are on this machine anyway.
        Program("triggerer", [*airflow, "triggerer", "--skip-serve-logs"], order=11),
        Program("dag-processor", [*airflow, "dag-processor"], order=11),
        # First to stop and on its own, so that running tasks can finish while everything they need is there.
        Program(
            "scheduler",
            [*airflow, "scheduler", "--skip-serve-logs"],
            order=12,
            whole_group=False,
            stop_seconds=20,
        ),
    ]


def port_of(component: str, ports: Ports) -> int | None:
    """The port on which a part listens, where it does."""
    return {"postgres": ports.postgres, "mailbox": ports.mailbox, "api-server": ports.airflow}.get(component)
