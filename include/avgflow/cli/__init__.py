"""The `avgflow` command: one line for a person's mistake, never a stack trace."""

from __future__ import annotations

import sys

import typer

from avgflow.cli import (
    annotation,
    audit,
    breach,
    catalog,
    deadlines,
    demo,
    document,
    dossier,
    hold,
    housekeeping,
    keys,
    link,
    recipient,
    register,
    replay,
    request,
    restriction,
    retention,
    stack,
    suppression,
    withholding,
)
from avgflow.errors import AvgflowError

app = typer.Typer(
    name="avgflow",
    help="Data subject requests under the AVG (GDPR): register, run, prove, answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(request.app, name="request")
app.add_typer(retention.app, name="retention")
app.add_typer(hold.app, name="hold")
app.add_typer(recipient.app, name="recipient")
app.add_typer(breach.app, name="breach")
app.add_typer(annotation.app, name="annotation")
app.add_typer(document.app, name="document")
app.add_typer(dossier.app, name="dossier")
app.add_typer(suppression.app, name="suppression")
app.add_typer(withholding.app, name="withholding")
app.add_typer(restriction.app, name="restriction")
app.add_typer(catalog.app, name="catalog")
app.add_typer(audit.app, name="audit")
app.add_typer(register.app, name="register")
app.add_typer(keys.app, name="keys")
app.add_typer(link.app, name="link")
app.add_typer(demo.app, name="demo")
app.add_typer(deadlines.app)
app.add_typer(replay.app)
app.add_typer(housekeeping.app)
app.add_typer(stack.app)


def main() -> None:
    """Run the command; exit 0 on success, 1 on a refusal with one clear line, 2 on wrong usage."""
    try:
        app()
    except AvgflowError as refusal:
        print(f"avgflow: {refusal}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
