"""`avgflow hold …`: what must not be erased, for a claim, complaint, lawsuit or incident."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, day, document, identifiers, on_day
from avgflow.handling import environment, holding, registering
from avgflow.intake import day_in_amsterdam
from avgflow.intake import identifiers as checked
from avgflow.register import holds
from avgflow.register.database import transaction
from avgflow.register.holds import Hold, HoldState

app = typer.Typer(help="Holds: what must not be erased, and why.", no_args_is_help=True)

Email = Annotated[str | None, typer.Option(help="The person's e-mail address.")]
CustomerNumber = Annotated[str | None, typer.Option(help="The person's customer number.")]
Identifier = Annotated[
    list[str] | None, typer.Option(help="A further identifier of the person as kind=value, such as visitor_id=….")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def place(
    reason: Annotated[str, typer.Option(help="claim, complaint, litigation or incident.")],
    email: Email = None,
    customer_number: CustomerNumber = None,
    identifier: Identifier = None,
    record_class: Annotated[
        str | None,
        typer.Option("--class", help="A record class, such as R2; without a person it is held for everybody."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="The last day of the hold, YYYY-MM-DD; until it is released if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold on a person, on a record class, or on one class of a person's records."""
    last = day(until, "--until")
    env = environment.of_settings()
    on = _person(email, customer_number, identifier)
    held = holding.place(env, on, record_class, last, reason, actor(env))
    if as_json:
        typer.echo(json.dumps(_document(held), indent=2))
    else:
        typer.echo(f"Hold {held.id} stands: {_on(held)}, {_until(held.until)}, for {held.reason}.")


@app.command(name="list")
def list_(
    email: Email = None,
    customer_number: CustomerNumber = None,
    identifier: Identifier = None,
    every: Annotated[bool, typer.Option("--all", help="Released holds too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List holds, the newest first: all, or those on one person. Whom a hold is on is not readable."""
    env = environment.of_settings()
    on = _person(email, customer_number, identifier)
    with transaction(env.register) as register:
        found = holds.list_(register) if on is None else holds.on(register, env.keyring, on)
    wanted = [hold for hold in found if every or hold.released_at is None]
    if as_json:
        typer.echo(json.dumps([_document(hold) for hold in wanted], indent=2))
        return
    table = shown.grid("hold", "on", "until", "reason", "state", "placed", "by")
    for hold in wanted:
        placed = on_day(hold.placed_at)
        state = hold.state(day_in_amsterdam())
        table.add_row(str(hold.id), _on(hold), _until(hold.until), hold.reason, state, placed, hold.placed_by)
    shown.print_table(table)
    if any(hold.state(day_in_amsterdam()) is HoldState.EXPIRED for hold in wanted):
        typer.echo("Release a hold that has expired to take up what it had stopped.")


@app.command()
def release(
    hold: Annotated[int, typer.Argument(help="The hold's number, as `avgflow hold list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Release a hold; erasures that kept something because of it are taken up again, each by a new request."""
    env = environment.of_settings()
    by = actor(env)
    freed = holding.release(env, hold, by)
    numbers = holding.released(env, freed, by)
    faults = registering.start_all(env, numbers)
    if as_json:
        typer.echo(json.dumps({**_document(freed), "follow_ups": numbers}, indent=2))
    else:
        typer.echo(f"Hold {freed.id} is released. Requests it had stopped: {len(numbers)}.")
        for number in numbers:
            typer.echo(f"{number} takes up what was kept.")
    if faults:
        raise faults[0]


def _person(email: str | None, customer_number: str | None, others: list[str] | None) -> dict[str, str] | None:
    """The identifiers that were typed; None where none was, an empty mapping where all are blank."""
    if email is None and customer_number is None and not others:
        return None
    return checked(email=email, customer_number=customer_number, others=identifiers(others or []))


def _document(hold: Hold) -> dict[str, Any]:
    return {**document(hold), "state": hold.state(day_in_amsterdam())}


def _on(hold: Hold) -> str:
    records = f"{hold.record_class} records" if hold.record_class else "all records"
    return f"{records} of {'one person' if hold.of_subject else 'everybody'}"


def _until(until: date | None) -> str:
    return f"until {until.isoformat()}" if until else "until it is released"
