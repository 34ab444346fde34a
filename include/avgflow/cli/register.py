"""`avgflow register`: keeping the register's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from avgflow.crypto import Keyring
from avgflow.register.migrate import migrate as migrate_register
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
    settings = Settings.load()
    done = migrate_register(settings.secret("register_owner_dsn"), settings.register_app_role, Keyring.of(settings))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    elif done.before == done.after:
        typer.echo(f"The register is up to date ({done.after}).")
    else:
        typer.echo(f"The register went from {done.before or 'nothing'} to {done.after}.")
