"""`avgflow dossier`: what an auditor or the Autoriteit Persoonsgegevens asks of one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.handling import auditing, environment

HELP = """A request's dossier for an auditor: what was done and why, without the person's data.

Issue one: avgflow dossier NUMBER -o FOLDER

Check one with the register: avgflow dossier verify FOLDER

Anybody checks one without avgflow: python3 FOLDER/verify.py --key KEY, where avgflow audit key prints KEY.
"""

ISSUE = "issue"


class ByNumber(TyperGroup):
    """Takes a request's number for the command that issues its dossier."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = [ISSUE, *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # `-o FOLDER NUMBER`: options may come first.
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [ISSUE, *args]
        return super().parse_args(ctx, args)


class DossierChanged(AvgflowError):
    """A dossier is not as it was issued, or the register does not vouch for it."""

    def __init__(self, faults: int) -> None:
        super().__init__(
            f"Dit dossier klopt niet ({faults}). Ga niet op dit dossier af en vraag een nieuw. / "
            f"Something is not right about this dossier ({faults}). Do not rely on it; ask for a new one."
        )


app = typer.Typer(help=HELP, no_args_is_help=True, cls=ByNumber)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def dossier() -> None:
    """A request's dossier for an auditor."""


@app.command(name=ISSUE, hidden=True)
def issue(
    number: Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make; it must not hold anything yet.")],
    require_logs: Annotated[
        bool, typer.Option("--require-logs", help="Issue nothing where Airflow does not give the task logs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Issue the dossier of a request; that is put on the register."""
    env = environment.of_settings()
    done = auditing.export(env, number, output, actor(env), require_logs=require_logs)
    if as_json:
        document = {**vars(done), "folder": str(done.folder), "event": str(done.event)}
        say(json.dumps(document, indent=2))
        return
    say(f"{number}: {done.files} files are in {output}. Begin with index.html; README.txt says how to check them.")
    if done.why_no_logs:
        say(f"  NOTE: {done.why_no_logs} With --require-logs nothing is issued then.")
    if not done.whole:
        say("  NOTE: the register's event chain is broken; the dossier says so. Run avgflow audit verify.")
    say(f"  On the register as event {done.event}")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The dossier's folder.", exists=True, file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Check a dossier whole: its files and signature, each event's text, and that the register issued it."""
    found = auditing.check(environment.of_settings(), folder)
    faults = [fault for some in found.faults.values() for fault in some]
    if as_json:
        say(json.dumps({"ok": found.ok, "number": found.number, "faults": found.faults}, indent=2))
    else:
        for name, some in found.faults.items():
            say(f"{'FOUT / FAULT' if some else 'OK          '}  {name}")
            for fault in some:
                say(f"              {fault}")
    if faults:
        raise DossierChanged(len(faults))
    if not as_json:
        say(f"Het register staat in voor het dossier van {found.number}. / The register vouches for this dossier.")
