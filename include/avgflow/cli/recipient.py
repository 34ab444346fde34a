"""`avgflow recipient …`: who was told of what was done with data, and who confirmed (AVG art. 19)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, document, on_day
from avgflow.handling import environment
from avgflow.register import notices, requests
from avgflow.register.database import transaction

app = typer.Typer(help="Recipients that were told of a request (AVG art. 19).", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(name="list")
def list_(
    number: Annotated[
        str | None, typer.Argument(help="The request's number; without it, all that have not confirmed yet.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the recipients that were told of a request, or all those that have not confirmed yet."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        if number is not None:
            requests.get(register, number)
        found = notices.notices(register, number) if number is not None else notices.unconfirmed(register)
    if as_json:
        typer.echo(json.dumps([document(notice) for notice in found], indent=2))
        return
    table = shown.grid("request", "recipient", "of", "told", "by mail", "confirmed")
    for notice in found:
        confirmed = on_day(notice.confirmed_at) if notice.confirmed_at else "not yet"
        mailed = "yes" if notice.message_id else "no"
        table.add_row(notice.number, notice.recipient, notice.told, on_day(notice.told_at), mailed, confirmed)
    shown.print_table(table)


@app.command()
def confirm(
    number: Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")],
    recipient: Annotated[str, typer.Argument(help="The recipient, as `avgflow recipient list` names it.")],
    as_json: AsJson = False,
) -> None:
    """Put on record that a recipient confirmed that it did what it was asked last."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        notice = notices.confirm(register, env.keyring, number, recipient, actor(env))
    typer.echo(json.dumps(document(notice), indent=2) if as_json else f"{number}: {recipient} has confirmed.")
