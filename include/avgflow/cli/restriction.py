"""`avgflow restriction …`: whose data may not be used for the time being (AVG art. 18), and the end of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, document, identifiers, on_day
from avgflow.handling import environment, lifting, restricting
from avgflow.intake import identifiers as checked
from avgflow.policy.decide import EVERYTHING
from avgflow.register import requests, restrictions
from avgflow.register.database import transaction
from avgflow.register.restrictions import LiftReason, Restriction

app = typer.Typer(help="Restrictions: whose data may not be used for the time being.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]

RESTRICTED = 3
"""The exit code of `check` where the data may not be used; 0: they may, 1: that could not be found out."""

KEY_USE = (
    "The hash of an identifier is HMAC-SHA-256 under this key (hex for 32 bytes), in hex, of the identifier in lower "
    "case without blanks around it. Compare it with restricted.hash where kind = 'email', 'customer_number', … The key "
    "is a secret."
)


@app.command()
def check(
    email: Annotated[str | None, typer.Option(help="The person's e-mail address.")] = None,
    customer_number: Annotated[str | None, typer.Option(help="The person's customer number.")] = None,
    identifier: Annotated[
        list[str] | None, typer.Option(help="A further identifier of the person as kind=value, such as visitor_id=….")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the data of a person may be used: exit code 0 if so, 3 if not, 1 if that could not be found out.

    For other systems to ask before they use anything. One identifier is enough; of several, any may be the restricted
    one.
    """
    given = checked(email=email, customer_number=customer_number, others=identifiers(identifier or []))
    found = restricting.check(environment.of_settings(), given)
    if as_json:
        standing = [
            {"record_class": one.record_class, "ground": one.ground, "since": one.begun_at.isoformat()} for one in found
        ]
        typer.echo(json.dumps({"restricted": bool(found), "restrictions": standing}, indent=2))
    else:
        for one in found:
            typer.echo(f"Restricted since {on_day(one.begun_at)}: {_of_what(one)}, {one.ground}.")
        if not found:
            typer.echo("Not restricted.")
    if found:
        raise typer.Exit(RESTRICTED)


@app.command(name="list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Lifted restrictions too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List restrictions, the newest first. Whose data they are on is not readable: only keyed hashes are kept."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = [one for one in restrictions.list_(register) if every or one.stands]
    _print(found, as_json)


@app.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """Show the restrictions that were placed for a request, lifted ones too."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        requests.get(register, number)
        found = restrictions.of_request(register, number)
    _print(found, as_json)
    if not as_json and any(one.stands and one.lift_reason is None for one in found):
        typer.echo(f"To end it: avgflow restriction lift {number} --reason …, which tells the person first.")


@app.command()
def lift(
    number: Number,
    reason: Annotated[str, typer.Option(help=f"Why it ends: {', '.join(LiftReason)}. The person reads it in words.")],
    as_json: AsJson = False,
) -> None:
    """End a restriction: the person is told first, by mail; then the stores are unmarked (AVG art. 18(3))."""
    env = environment.of_settings()
    ending = lifting.end(env, number, reason, actor(env))
    lifting.start(env, number)
    if as_json:
        typer.echo(json.dumps([document(one) for one in ending], indent=2))
        return
    typer.echo(f"The restriction of {number} ends once the mail server has taken the letter that tells the person.")
    typer.echo(f"avgflow restriction show {number} says how far it is.")


@app.command()
def told(number: Number, as_json: AsJson = False) -> None:
    """Put on record that you told the person by another way than mail that the restriction ends; then it does."""
    env = environment.of_settings()
    lifting.told(env, number, actor(env))
    lifting.start(env, number)
    typer.echo(json.dumps({"number": number, "told": True}) if as_json else f"{number}: the person was told; it ends.")


@app.command()
def key(as_json: AsJson = False) -> None:
    """Show the key with which another system computes the hashes itself; each showing is put on record."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        own = restrictions.show_key(register, env.keyring, actor(env))
    if as_json:
        typer.echo(json.dumps({"key": own}))
        return
    typer.echo(own)
    typer.echo(KEY_USE, err=True)


def _print(found: Sequence[Restriction], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_document(one) for one in found], indent=2))
        return
    table = shown.grid("request", "of", "ground", "since", "state")
    for one in found:
        table.add_row(one.number, _of_what(one), one.ground, on_day(one.begun_at), _state(one))
    shown.print_table(table)


def _document(one: Restriction) -> dict[str, Any]:
    return {**document(one), "stands": one.stands}


def _of_what(one: Restriction) -> str:
    return "all records" if one.record_class == EVERYTHING else f"{one.record_class} records"


def _state(one: Restriction) -> str:
    if one.lifted_at is not None:
        return f"lifted on {on_day(one.lifted_at)}: {one.lift_reason}"
    if one.lift_reason is None:
        return "stands"
    return f"is to end ({one.lift_reason}): the person {'was told' if one.told_at else 'is being told'}"
