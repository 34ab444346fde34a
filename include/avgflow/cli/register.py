"""`avgflow register`: keeping the register's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from avgflow.register.migrate import migrate_installation
from avgflow.settings import Settings

app = typer.Typer(help="Keep the register's database.", no_args_is_help=True)


@app.callback()
def register() -> None:
    """Keep the register's database."""


@app.command()
def migrate(
    as_json: Annotated[bool, typer.Option("--json", help="Print the revisions as JSON.")] = False,
) -> None:
    """Bring the register's tables to this version of avgflow, as their owner (AVGFLOW_REGISTER_OWNER_DSN)."""
    done = migrate_installation(Settings.load())
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    elif done.before == done.after:
        typer.echo(f"The register is up to date ({done.after}).")
    else:
        typer.echo(f"The register went from {done.before or 'nothing'} to {done.after}.")
