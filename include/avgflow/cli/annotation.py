"""`avgflow annotation …`: what is noted about rows that stay as they are (AVG art. 16)."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import actor, document, on_day
from avgflow.handling import annotating, environment
from avgflow.register import requests
from avgflow.register.annotations import find_annotations
from avgflow.register.database import transaction

app = typer.Typer(
    help="What is noted about rows that stay as they are: the right value, or the person's statement (AVG art. 16).",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(name="list")
def list_(
    store: Annotated[str | None, typer.Option(help="Only of this store.")] = None,
    as_json: AsJson = False,
) -> None:
    """List which tables have rows that something is noted about, and by which request; nothing of what is noted."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = find_annotations(register, store=store)
    if as_json:
        shown.say(json.dumps([document(one) for one in found], indent=2))
        return
    table = shown.grid("request", "store", "table", "rows", "since")
    for one in found:
        table.add_row(one.number, one.store, one.table, str(one.rows), on_day(one.at))
    shown.print_table(table)


@app.command()
def show(
    number: Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")],
    as_json: AsJson = False,
) -> None:
    """Show what a request noted: rows by key, with the right values or the statement (personal data; put on record)."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        requests.get(register, number)
    notes = annotating.show(env, number, actor(env))
    if as_json:
        made = [
            {**document(one.where), "keys": one.keys, "right": dict(one.right), "statement": one.statement}
            for one in notes
        ]
        shown.say(json.dumps(made, indent=2))
        return
    for one in notes:
        keys = "; ".join(", ".join(key) for key in one.keys)
        shown.say(f"{one.where.store}.{one.where.table}  {keys}")
        for attribute, value in one.right:
            shown.say(f"  {attribute} is {value}")
        for line in (one.statement or "").splitlines():
            shown.say(f"  {line}")
    if not notes:
        shown.say(f"{number} noted nothing.")
