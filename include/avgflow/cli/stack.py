"""`avgflow up`, `avgflow down`, `avgflow status`: the embedded stack."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from avgflow import roles
from avgflow.airflow_api import AirflowApi
from avgflow.catalog import load as catalogs
from avgflow.catalog.models import Text
from avgflow.embedded import health as airflow_health
from avgflow.embedded import stack
from avgflow.embedded.faults import StackDown
from avgflow.embedded.stack import Progress, Status
from avgflow.errors import AvgflowError
from avgflow.handling import environment, health, in_transit
from avgflow.handling.health import Part
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
    """Show whether all is well: what runs, the register, requests, mails, stores; exit 1 where something is not.

    Of the embedded stack also where it is and how to log in.
    """
    found, settings = stack.status(), Settings.load()
    unsafe = in_transit.unsafe(settings)
    if found.state is None and (settings.register_dsn or settings.register_dsn_file):
        parts = [*airflow_parts(settings), *health.look(environment.of_settings())]
        if as_json:
            typer.echo(json.dumps({"health": document(parts), "unsafe": unsafe}, indent=2))
        else:
            print_parts(parts)
            print_unsafe(unsafe)
        require_well(parts)
        return
    parts = health.look(environment.of_settings()) if found.running else []
    if as_json:
        typer.echo(json.dumps({**found.as_json(), "health": document(parts), "unsafe": unsafe}, indent=2))
    elif found.state is not None:
        console = Console()
        table = Table("part", "state", box=None, pad_edge=False)
        for name, state in found.processes.items():
            table.add_row(name, f"[{'green' if state == 'running' else 'red'}]{state}[/]")
        console.print(table)
        print_parts(parts)
        typer.echo(addresses(found))
    if not as_json:
        print_unsafe(unsafe)
    if not found.running:
        nothing = set(found.processes.values()) == {"stopped"}
        raise StackDown({} if nothing else found.broken)
    # A stack that was just started has stores that nobody has filled yet.
    require_well(part for part in parts if not part.empty)


class NotWell(AvgflowError):
    """Something of the installation asks for a look."""

    def __init__(self, parts: Iterable[Part]) -> None:
        super().__init__(f"Not all is well: {', '.join(part.name.en for part in parts)}. See the lines above.")


def require_well(parts: Iterable[Part]) -> None:
    """`NotWell` names what is not."""
    if wrong := [part for part in parts if not part.well]:
        raise NotWell(wrong)


def document(parts: Iterable[Part]) -> list[dict[str, str | bool]]:
    """What was looked at, for a program."""
    return [{"part": part.name.en, "well": part.well, "said": part.said.en} for part in parts]


def print_parts(parts: Iterable[Part]) -> None:
    """What was looked at, one a line; the mark is a word, for colour alone is not read by everybody."""
    table = Table("", "", "", box=None, pad_edge=False, show_header=False)
    for part in parts:
        table.add_row(part.name.en, "[green]well[/]" if part.well else "[red]LOOK[/]", escape(part.said.en))
    Console(soft_wrap=False).print(table)


def print_unsafe(unsafe: Mapping[str, str]) -> None:
    """Ways on which somebody chose not to verify who answers: no fault, but it should not be forgotten."""
    for name, why in unsafe.items():
        typer.echo(f"Unsafe     the way to the {name} is {why}")


def airflow_parts(settings: Settings) -> list[Part]:
    """The parts of an Airflow that runs elsewhere, by its own report; nothing where no address of it is set."""
    if not settings.airflow_url:
        return []
    at_work = airflow_health.at_work(airflow_health.report(settings.airflow_url))
    return [
        Part(
            Text(nl=name, en=name),
            name in at_work,
            Text(nl="aan het werk", en="at work")
            if name in at_work
            else Text(
                nl="geeft geen teken van leven. Kijk in zijn log.", en="gives no sign of life. Look into its log."
            ),
        )
        for name in ("api-server", *airflow_health.REPORTED)
    ]


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
