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

from avgflow import roles
from avgflow.airflow_api import AirflowApi
from avgflow.catalog import load as catalogs
from avgflow.embedded import stack
from avgflow.embedded.faults import StackDown
from avgflow.embedded.stack import Progress, Status
from avgflow.mounted import PAGE
from avgflow.settings import Settings

app = typer.Typer()


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("up")
def up_command(as_json: AsJson = False) -> None:
    """Start PostgreSQL, the mailbox and Airflow on this machine, or what is missing of them."""
    with telling() as progress:
        found = start(progress)
    typer.echo(json.dumps(found.as_json(), indent=2) if as_json else addresses(found))


def start(progress: Progress) -> Status:
    """Start what does not run, and give Airflow the pools that the DAGs of this catalog use."""
    found = stack.up(progress)
    login = found.as_json()["airflow"]
    stores = catalogs.load(Settings.load().catalog).stores.values()
    AirflowApi(login["url"], login["user"], login["password"]).ensure_pools(store.pool for store in stores)
    return found


@app.command("down")
def down_command(as_json: AsJson = False) -> None:
    """Stop the embedded stack; no process of it is left behind."""
    with telling() as progress:
        ended = stack.down(progress)
    if as_json:
        typer.echo(json.dumps({"was_running": ended}))
    else:
        typer.echo("The stack is stopped." if ended else "The stack was not running.")


@app.command("status")
def status_command(as_json: AsJson = False) -> None:
    """Show what runs, where it is and how to log in; exit 1 when a part does not run."""
    found = stack.status()
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    elif found.state is not None:
        console = Console()
        table = Table("part", "state", box=None, pad_edge=False)
        for name, state in found.processes.items():
            table.add_row(name, f"[{'green' if state == 'running' else 'red'}]{state}[/]")
        console.print(table)
        typer.echo(addresses(found))
    if not found.running:
        nothing = set(found.processes.values()) == {"stopped"}
        raise StackDown({} if nothing else found.broken)


def addresses(found: Status) -> str:
    """Where a person finds the parts of a stack, one a line."""
    shown = found.as_json()
    airflow = shown["airflow"]
    lines = [
        f"Airflow   {airflow['url']}  (user {airflow['user']}, password {airflow['password']})",
        f"Register  {airflow['url']}{PAGE}/  (by role, each with a password of its own:)",
    ]
    for login, password in shown["users"].items():
        [role] = roles.of_simple(login, roles.DEMO_USERS[login])
        lines.append(f"            {login:<9} {password}  {role.en}")
    return "\n".join([*lines, f"Mailbox   {shown['mailbox']}", f"Settings  {found.layout.environment}"])


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
