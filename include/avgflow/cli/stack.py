"""`avgflow up`, `avgflow down`, `avgflow status`: the embedded stack."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from avgflow.embedded import stack
from avgflow.embedded.faults import StackDown
from avgflow.embedded.stack import Progress, Status

app = typer.Typer()


@app.command("up")
def up_command() -> None:
    """Start PostgreSQL, the mailbox and Airflow on this machine, or what is missing of them."""
    with telling() as progress:
        found = stack.up(progress)
    _addresses(Console(), found)


@app.command("down")
def down_command() -> None:
    """Stop the embedded stack; no process of it is left behind."""
    with telling() as progress:
        ended = stack.down(progress)
    print("The stack is stopped." if ended else "The stack was not running.")  # noqa: T201


@app.command("status")
def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what runs, where it is and how to log in; exit 1 when a part does not run."""
    found = stack.status()
    if as_json:
        print(json.dumps(found.as_json(), indent=2))  # noqa: T201
    elif found.state is not None:
        console = Console()
        table = Table("part", "state", box=None, pad_edge=False)
        for name, state in found.processes.items():
            table.add_row(name, f"[green]{state}[/]" if state == "running" else f"[red]{state}[/]")
        console.print(table)
        _addresses(console, found)
    if not found.running:
        nothing = set(found.processes.values()) == {"stopped"}
        raise StackDown({} if nothing else found.broken)


@contextmanager
def telling() -> Iterator[Progress]:
    """Progress for a person: one line that changes on a terminal, plain lines elsewhere; on standard error."""
    began = time.monotonic()
    console = Console(stderr=True)
    if not console.is_terminal:

        def plain(line: str) -> None:
            print(f"[{time.monotonic() - began:4.0f} s] {line}", file=sys.stderr, flush=True)  # noqa: T201

        yield plain
        return
    with console.status("…") as shown:

        def moving(line: str) -> None:
            console.print(f"[dim]{time.monotonic() - began:4.0f} s[/]  {line}", highlight=False)
            shown.update(f"{line} …")

        yield moving


def _addresses(console: Console, found: Status) -> None:
    shown = found.as_json()
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("Airflow", f"{shown['airflow']['url']}  (user admin, password {shown['airflow']['password']})")
    table.add_row("Mailbox", shown["mailbox"])
    table.add_row("Settings", str(found.layout.environment))
    console.print(table, soft_wrap=True, highlight=False)
