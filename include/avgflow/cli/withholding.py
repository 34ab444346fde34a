"""`avgflow withholding …`: single rows that an access copy leaves out for the time being (UAVG art. 41(1))."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, day, document
from avgflow.handling import environment, withholding
from avgflow.register import withholdings
from avgflow.register.database import transaction
from avgflow.register.withholdings import WithholdingGround

app = typer.Typer(
    help="Rows that an access copy leaves out for the time being (UAVG art. 41(1)), such as of a police inquiry.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Id = Annotated[int, typer.Argument(help="Its number, as `avgflow withholding list` has it.")]


@app.command()
def place(
    where: Annotated[str, typer.Argument(help="The table, as STORE.SCHEMA.TABLE, such as crm.public.note.")],
    key: Annotated[list[str], typer.Argument(help="The row's key, its parts in the order of the catalog.")],
    ground: Annotated[
        str,
        typer.Option(
            help="The letter of UAVG art. 41(1): d (crime), e (public interest), h (supervision), i (rights of "
            "others) or j (civil claims)."
        ),
    ],
    until: Annotated[
        str | None, typer.Option(help="The last day, YYYY-MM-DD; until it is released if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose to leave one row out of every access copy; it holds once an officer confirms it."""
    if ground not in list(WithholdingGround):
        raise typer.BadParameter(f"choose one of: {', '.join(WithholdingGround)}", param_hint="--ground")
    env = environment.of_settings()
    made = withholding.place(env, where, key, WithholdingGround(ground), day(until, "--until"), actor(env))
    then = f"Withholding {made.id} is proposed. It holds once confirmed: avgflow withholding confirm {made.id}"
    shown.say(json.dumps(document(made), indent=2) if as_json else then)


@app.command()
def confirm(id_: Id, as_json: AsJson = False) -> None:
    """Confirm a proposed withholding; where there are more officers, another than who proposed it."""
    env = environment.of_settings()
    made = withholding.confirm(env, id_, actor(env))
    shown.say(json.dumps(document(made), indent=2) if as_json else f"Withholding {made.id} holds from now on.")


@app.command()
def release(id_: Id, as_json: AsJson = False) -> None:
    """End a withholding: the row is in access copies again."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        made = withholdings.release(register, env.keyring, id_, actor(env))
    shown.say(json.dumps(document(made), indent=2) if as_json else f"Withholding {made.id} has ended.")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List withholdings, the newest first. Which rows they are on is not readable: only keyed hashes are kept."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = withholdings.list_(register)
    if as_json:
        shown.say(json.dumps([{**document(one), "state": one.state} for one in found], indent=2))
        return
    table = shown.grid("withholding", "store", "table", "ground", "until", "state", "by")
    for one in found:
        until = one.until.isoformat() if one.until else ""
        table.add_row(str(one.id), one.store, one.table, f"41(1)({one.ground})", until, one.state, one.placed_by)
    shown.print_table(table)
