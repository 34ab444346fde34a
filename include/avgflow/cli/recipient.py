"""`avgflow recipient …`: who was told of what was done with data, and who confirmed (AVG art. 19)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, day, document, on_day
from avgflow.handling import environment
from avgflow.register import notices, requests
from avgflow.register.database import transaction
from avgflow.register.notices import Notice

app = typer.Typer(help="Recipients that were told of a request (AVG art. 19).", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]
Recipient = Annotated[str, typer.Argument(help="The recipient, as `avgflow recipient list` names it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(name="list")
def list_(
    number: Annotated[str | None, typer.Argument(help="The request's number; without it, all requests.")] = None,
    request: Annotated[str | None, typer.Option("--request", help="The request's number, said another way.")] = None,
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="Only those that have not confirmed yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what recipients were told: of which request, which kinds of data, when and how, and who confirmed."""
    if number and request and number != request:
        raise typer.BadParameter("two requests are named; name one", param_hint="--request")
    env, wanted = environment.of_settings(), number or request
    with transaction(env.register) as register:
        if wanted is not None:
            requests.get(register, wanted)
        found = [one for one in notices.notices(register, wanted) if not (unconfirmed and one.confirmed_at)]
    if as_json:
        typer.echo(json.dumps([document(notice) for notice in found], indent=2))
        return
    table = shown.grid("request", "recipient", "of", "kinds of data", "told", "confirmed", folds=("kinds of data",))
    for notice in found:
        confirmed = f"{on_day(notice.confirmed_at)} ({notice.confirmed_by})" if notice.confirmed_at else "not yet"
        kinds = " ".join(notice.classes)
        table.add_row(notice.number, notice.recipient, notice.told, kinds, _told(notice), confirmed)
    shown.print_table(table)
    if any(not notice.is_told for notice in found):
        typer.echo("NOT YET: tell it yourself, then record it: avgflow recipient told NUMBER RECIPIENT")


@app.command()
def told(
    number: Number,
    recipient: Recipient,
    on: Annotated[str | None, typer.Option("--on", help="The day you told it, YYYY-MM-DD; today if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put on record that you told a recipient yourself what was done with the data."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        done = notices.told_by_hand(register, env.keyring, number, recipient, day(on, "--on"), actor(env))
    if as_json:
        typer.echo(json.dumps([document(notice) for notice in done], indent=2))
        return
    for notice in done:
        typer.echo(f"{number}: {recipient} was told on {notice.by_hand_on} that data were {_WHAT[notice.told]}.")


_WHAT = {
    notices.Told.ERASED: "erased",
    notices.Told.CORRECTED: "corrected",
    notices.Told.RESTRICTED: "restricted",
    notices.Told.LIFTED: "restricted no longer",
}


def _told(notice: Notice) -> str:
    """When and how it came to know."""
    if notice.by_hand_on:
        return f"{notice.by_hand_on.isoformat()} by hand ({notice.by_hand_by})"
    if notice.mailed_at:
        return f"{on_day(notice.mailed_at)} by mail"
    if notice.confirmed_at:
        return "not recorded"
    return "NOT YET: the mail is not accepted" if notice.message_id else "NOT YET"


@app.command()
def confirm(
    number: Number,
    recipient: Recipient,
    as_json: AsJson = False,
) -> None:
    """Put on record that a recipient confirmed that it did what it was asked last."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        notice = notices.confirm(register, env.keyring, number, recipient, actor(env))
    typer.echo(json.dumps(document(notice), indent=2) if as_json else f"{number}: {recipient} has confirmed.")
