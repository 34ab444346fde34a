"""`avgflow link`: packages too large for a mail, which people fetch by a link."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from avgflow.airflow_api import AirflowRefused, AirflowUnreachable
from avgflow.cli import shown
from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.handling import environment, linking

app = typer.Typer(help="Packages too large for a mail, which people fetch by a link.", no_args_is_help=True)


@app.command(name="list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """List the packages that lie in the object storage, and until when their links work."""
    found = sorted(linking.standing(environment.of_settings()).values(), key=lambda one: one.number)
    if as_json:
        rows = [{"number": one.number, "until": one.until.isoformat(), "revoked": one.revoked} for one in found]
        say(json.dumps(rows, indent=2))
        return
    table = shown.grid("request", "until", "taken back")
    for one in found:
        table.add_row(one.number, one.until.isoformat(), "yes" if one.revoked else "")
    shown.print_table(table)


@app.command()
def revoke(number: Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]) -> None:
    """Take a link back, such as one that went to the wrong person: the package behind it is deleted."""
    env = environment.of_settings()
    linking.revoke(env, number, actor(env))
    try:
        # The storage's connection is Airflow's.
        env.airflow.start_by_hand("housekeeping", f"link-{number}-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    except (AirflowUnreachable, AirflowRefused) as fault:
        say(f"{number}: taken back, but the package is deleted only when the DAG housekeeping runs. {fault}")
        raise typer.Exit(1) from None
    say(f"{number}: taken back; the DAG housekeeping deletes the package now.")
