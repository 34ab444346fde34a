"""`avgflow register`: keeping the register's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from avgflow.cli.keyboard import actor, day
from avgflow.cli.shown import say
from avgflow.handling import environment, recording, restoring
from avgflow.register.migrate import migrate_installation
from avgflow.settings import Settings

app = typer.Typer(help="Keep the register's database, and export what stands in it.", no_args_is_help=True)


@app.callback()
def register() -> None:
    """Keep the register's database, and export what stands in it."""


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


@app.command()
def restored(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """After a backup of the register or of Airflow was put back: compare the two, and go on where both know how.

    Numbers go on beyond those that were given out; requests without a run get one; what only a human can do is named.
    """
    env = environment.of_settings()
    done = restoring.reconcile(env, actor(env))
    if as_json:
        say(json.dumps(asdict(done), indent=2))
        return
    for number in done.lost:
        say(f"{number} is lost: it came in after the backup. Find in the mailbox what was asked, and register it anew.")
    if done.ended:
        say(f"{len(done.ended)} runs of lost requests were at work, and were ended.")
    for number in done.started:
        say(f"{number} has a run again.")
    for number in done.behind:
        say(
            f"{number} is open on the register, though its run is over: see in the mailbox whether the person was "
            "answered, then clear the task 'identify' of its run with what follows."
        )
    if not any(asdict(done).values()):
        say("The register and Airflow know the same requests.")
    say("Note the chain's new end: avgflow audit verify. Then: avgflow replay STORE, for each store that was restored.")


@app.command()
def export(
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day of receipt, as YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day of receipt, as YYYY-MM-DD.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make; it must not hold anything yet.")],
    form: Annotated[str | None, typer.Option("--format", help="csv or json; both if left out.")] = None,
    language: Annotated[str, typer.Option("--language", help="Of the CSV: nl or en.")] = "nl",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Export the requests of a period and the record of processing (art. 30), without personal data."""
    if form is not None and form not in recording.FORMATS:
        raise typer.BadParameter(f"choose {' or '.join(recording.FORMATS)}", param_hint="--format")
    if language not in ("nl", "en"):
        raise typer.BadParameter("choose nl or en", param_hint="--language")
    period = (_day(first, "--from"), _day(last, "--to"))
    env = environment.of_settings()
    formats = (form,) if form else recording.FORMATS
    done = recording.export(env, *period, output, formats, language, actor(env))
    if as_json:
        say(json.dumps({"requests": done.requests, "folder": str(output), "files": list(done.files)}))
    else:
        say(f"{done.requests} requests are in {output}: {', '.join(done.files)}.")


def _day(given: str, option: str) -> date:
    found = day(given, option)
    if found is None:
        raise typer.BadParameter("write the day as YYYY-MM-DD", param_hint=option)
    return found
